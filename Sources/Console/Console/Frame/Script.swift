/// The console works without it; with it pages stay live, and what cannot be undone is asked about.
enum Script {
    static let text = """
        const main = document.getElementById('main');
        const live = document.getElementById('live');
        const seconds = Number(main?.dataset.refresh ?? 0);
        let paused = false;
        const say = (state, text) => { if (live) { live.dataset.state = state; live.textContent = text; } };
        const busy = () => {
          const at = document.activeElement;
          return (at && main.contains(at) && ['INPUT', 'SELECT', 'TEXTAREA'].includes(at.tagName))
            || document.hidden || !getSelection().isCollapsed;
        };
        const refresh = async () => {
          if (paused || busy()) return;
          try {
            const answer = await fetch(location.href, {headers: {accept: 'text/html'}, redirect: 'error'});
            if (!answer.ok) return say('off', `Stopped: ${answer.status}`);
            const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('main');
            const open = new Set([...main.querySelectorAll('details[open][id]')].map(item => item.id));
            const focus = document.activeElement?.getAttribute?.('href');
            for (const part of [...main.children].slice(1)) part.remove();
            for (const part of [...fresh.children].slice(1)) main.append(document.adoptNode(part));
            for (const id of open) document.getElementById(id)?.setAttribute('open', '');
            if (focus) [...main.querySelectorAll('a')].find(link => link.getAttribute('href') === focus)?.focus();
            say('on', 'Live');
          } catch {
            say('off', 'No connection');
          }
        };
        if (seconds > 0 && live) {
          live.hidden = false;
          say('on', 'Live');
          live.addEventListener('click', () => {
            paused = !paused;
            say(paused ? 'paused' : 'on', paused ? 'Paused' : 'Live');
            if (!paused) refresh();
          });
          setInterval(refresh, seconds * 1000);
        }
        document.addEventListener('submit', event => {
          const words = event.submitter?.dataset.confirm;
          if (words && !confirm(words)) event.preventDefault();
        });
        document.addEventListener('keydown', event => {
          if (event.key !== '/' || ['INPUT', 'SELECT', 'TEXTAREA'].includes(document.activeElement?.tagName)) return;
          const search = document.querySelector('input[type=search]');
          if (search) { event.preventDefault(); search.focus(); search.select(); }
        });
        """
}
