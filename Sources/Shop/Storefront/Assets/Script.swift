/// The shop works without it; with it an order's page follows the order.
enum Script {
    static let text = """
        const progress = document.getElementById('progress');
        const follow = async () => {
          const address = `/orders/${progress.dataset.order}/progress?state=${progress.dataset.state}`;
          try {
            const answer = await fetch(address, {headers: {accept: 'text/html'}});
            if (answer.status === 200) {
              progress.innerHTML = await answer.text();
              progress.dataset.state = answer.headers.get('x-order-state');
              setTimeout(follow, 500);
            } else if (answer.status === 204) {
              setTimeout(follow, 500);
            } else if (answer.status >= 500) {
              setTimeout(follow, 5000);
            }
          } catch {
            setTimeout(follow, 5000);
          }
        };
        if (progress) follow();
        """
}
