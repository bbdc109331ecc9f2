/// How the shop looks, in light and in dark, from a phone to a desk.
enum StyleSheet {
    static let text = """
        :root { color-scheme: light dark; --ink: light-dark(#1c2430, #e6eaf0); --quiet: light-dark(#5a6575, #9aa5b5);
          --paper: light-dark(#f7f8fa, #12161c); --card: light-dark(#fff, #1b212a); --line: light-dark(#dde2ea, #303946);
          --accent: light-dark(#0b5cad, #7db8f5); --on-accent: light-dark(#fff, #0c1a29);
          --good: light-dark(#17703a, #6fd39a); --bad: light-dark(#a3261c, #ff9d92); }
        * { box-sizing: border-box; }
        body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
        a { color: var(--accent); }
        :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
        .skip { position: absolute; left: -999px; }
        .skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .25rem .5rem; }
        header, main, footer { max-width: 66rem; margin: 0 auto; padding: 1rem; }
        header { display: flex; flex-wrap: wrap; gap: 1rem; align-items: center; }
        header nav { display: flex; gap: 1rem; margin-left: auto; }
        .brand { font-size: 1.35rem; font-weight: 700; text-decoration: none; }
        .search { display: flex; gap: .5rem; flex: 1 1 14rem; max-width: 24rem; }
        .search input { flex: 1; min-width: 0; }
        .count { background: var(--line); border-radius: 1rem; padding: 0 .5rem; font-size: .85rem; color: var(--ink); }
        .categories { display: flex; flex-wrap: wrap; gap: .5rem 1rem; }
        [aria-current] { font-weight: 700; }
        .products { list-style: none; margin: 0; padding: 0; display: grid; gap: 1rem;
          grid-template-columns: repeat(auto-fill, minmax(12rem, 1fr)); }
        .products a { display: flex; flex-direction: column; gap: .25rem; height: 100%; text-decoration: none; color: inherit;
          background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem; }
        .products a:hover { border-color: var(--accent); }
        .picture { width: 100%; border-radius: .35rem; display: block; }
        .name { font-weight: 600; }
        .price { color: var(--quiet); margin-top: auto; }
        .product { display: grid; gap: 2rem; grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr)); }
        .product .price { font-size: 1.35rem; color: var(--ink); }
        .quiet { color: var(--quiet); font-size: .9rem; }
        .good { color: var(--good); }
        .alert { color: var(--bad); font-weight: 600; }
        input { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--quiet); border-radius: .35rem;
          padding: .4rem .6rem; }
        button, .primary { font: inherit; border: 1px solid var(--accent); border-radius: .35rem; padding: .45rem .9rem;
          background: none; color: var(--accent); cursor: pointer; text-decoration: none; display: inline-block; }
        .primary { background: var(--accent); color: var(--on-accent); font-weight: 600; }
        .form, fieldset { display: grid; gap: .75rem; max-width: 26rem; }
        fieldset { border: 1px solid var(--line); border-radius: .5rem; padding: 1rem; }
        .form label { display: grid; gap: .2rem; }
        .form .choice { display: flex; gap: .5rem; align-items: baseline; }
        .adding { display: flex; gap: .75rem; align-items: end; }
        .adding label { display: grid; }
        .adding input[type=number], td input[type=number] { width: 5rem; }
        .inline, .actions { display: flex; gap: .5rem; }
        table { width: 100%; border-collapse: collapse; background: var(--card); }
        th, td { text-align: left; padding: .5rem .75rem; border-top: 1px solid var(--line); }
        td:last-child, th:last-child { text-align: right; font-variant-numeric: tabular-nums; }
        .steps { list-style: none; display: grid; grid-auto-flow: column; grid-auto-columns: 1fr; gap: .5rem; padding: 0; }
        .steps li { border-top: .35rem solid var(--line); padding-top: .35rem; color: var(--quiet); font-size: .9rem; }
        .steps .done, .steps .now { border-color: var(--good); color: var(--ink); }
        .steps .now { font-weight: 700; }
        .state { font-size: 1.25rem; font-weight: 600; }
        address { margin: 1rem 0; }
        footer { color: var(--quiet); font-size: .85rem; }
        @media (prefers-reduced-motion: no-preference) { .steps li { transition: border-color .4s; } }
        """
}
