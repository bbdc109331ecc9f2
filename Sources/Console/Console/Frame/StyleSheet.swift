/// How the console looks, in light and in dark, from a phone to a wall.
enum StyleSheet {
    static let text = """
        :root { color-scheme: light dark;
          --ink: light-dark(#16202e, #e4e9f1); --quiet: light-dark(#5b6778, #93a0b4);
          --paper: light-dark(#f4f6f9, #0d1117); --card: light-dark(#fff, #151b24); --raised: light-dark(#f8fafc, #1b2330);
          --line: light-dark(#e1e6ee, #263040); --accent: light-dark(#0b5cad, #7db8f5);
          --side: light-dark(#10243e, #0a0e14); --side-ink: #c6d3e4; --side-on: #fff;
          --good: light-dark(#14713a, #63cf91); --warn: light-dark(#8a5a00, #f0b54a); --bad: light-dark(#b3261e, #ff8f83);
          --busy: light-dark(#0b5cad, #7db8f5);
          --s0: light-dark(#2b6cb0, #63a8ee); --s1: light-dark(#0f7b6c, #4fc9b4); --s2: light-dark(#7a4fb5, #b692ef);
          --s3: light-dark(#a85511, #eda45f); --s4: light-dark(#8d3068, #e58bc0); --s5: light-dark(#4d7316, #a8cf5f);
          --s6: light-dark(#52607a, #a3b1c9); --s7: light-dark(#1b7f9e, #5fc4e0); }
        * { box-sizing: border-box; }
        html { scroll-padding-top: 1rem; }
        body { margin: 0; font: 14px/1.5 ui-sans-serif, system-ui, "Segoe UI", Roboto, sans-serif; color: var(--ink);
          background: var(--paper); }
        body.app { display: grid; grid-template-columns: 13rem minmax(0, 1fr); min-height: 100vh; }
        a { color: var(--accent); text-decoration: none; }
        a:hover { text-decoration: underline; }
        :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: .25rem; }
        .skip { position: absolute; left: -999px; }
        .skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .25rem .5rem; z-index: 2; }
        h1 { font-size: 1.4rem; line-height: 1.25; margin: 0; letter-spacing: -.01em; overflow-wrap: anywhere; }
        h2 { font-size: .95rem; margin: 0; }

        .side { background: var(--side); color: var(--side-ink); padding: 1.1rem .75rem; display: flex;
          flex-direction: column; gap: 1rem; position: sticky; top: 0; height: 100vh; overflow: auto; }
        .side a { color: inherit; }
        .brand { display: flex; align-items: center; gap: .6rem; font-weight: 700; font-size: 1.1rem; padding: 0 .6rem; }
        .side .brand { color: var(--side-on); }
        .brand:hover { text-decoration: none; }
        .mast { fill: #7db8f5; } .sail { fill: #f2a93b; }
        .entry .mast { fill: var(--accent); }
        .links { display: flex; flex-direction: column; gap: 2px; flex: 1; }
        .links a { padding: .38rem .6rem; border-radius: .4rem; }
        .links a:hover { background: #ffffff14; text-decoration: none; }
        .links a[aria-current] { background: #ffffff21; color: var(--side-on); font-weight: 600; }
        .who { font-size: .8rem; padding: .75rem .6rem 0; border-top: 1px solid #ffffff22; overflow-wrap: anywhere; }
        .side .plain { color: inherit; padding: .2rem 0; }

        main { padding: 1.4rem clamp(1rem, 2.5vw, 2.2rem) 3rem; min-width: 0; width: 100%; max-width: 96rem; }
        .top { display: flex; align-items: center; gap: 1rem; margin-bottom: 1rem; }
        .live { margin-left: auto; font-size: .8rem; border-radius: 1rem; padding: .15rem .7rem; color: var(--quiet);
          border-color: var(--line); }
        .live::before { content: ""; display: inline-block; width: .5rem; height: .5rem; border-radius: 50%;
          background: var(--quiet); margin-right: .4rem; }
        .live[data-state=on]::before { background: var(--good); }
        .live[data-state=off]::before { background: var(--bad); }
        .banner { display: flex; flex-wrap: wrap; align-items: center; gap: .6rem; margin: 0 0 1rem; padding: .7rem 1rem;
          border-radius: .6rem; background: var(--card); border: 1px solid var(--line); font-weight: 600; }
        .dot { width: .7rem; height: .7rem; border-radius: 50%; background: currentColor; }
        .banner.good .dot { color: var(--good); } .banner.warn .dot { color: var(--warn); }
        .banner.bad { border-color: var(--bad); } .banner.bad .dot { color: var(--bad); }

        .figures { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); margin-bottom: 1rem; }
        .figure, .card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
        .figure { padding: .8rem 1rem; display: grid; gap: .1rem; align-content: start; }
        .figure .label { color: var(--quiet); font-size: .8rem; }
        .figure strong { font-size: 1.55rem; font-weight: 650; letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
        .figure.bad strong, td.bad { color: var(--bad); }
        .card { margin-bottom: 1rem; min-width: 0; }
        .card > header { display: flex; align-items: baseline; gap: 1rem; justify-content: space-between; padding: .75rem 1rem;
          border-bottom: 1px solid var(--line); }
        .card > p, .card > pre, .card > .actions { margin: 0; padding: .8rem 1rem; }
        .two { display: grid; gap: 0 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); }
        .quiet, .empty { color: var(--quiet); font-weight: 400; }
        .id { font: .85em/1.5 ui-monospace, SFMono-Regular, Menlo, monospace; color: var(--quiet); overflow-wrap: anywhere; }

        .scroll { overflow-x: auto; }
        table { width: 100%; border-collapse: collapse; }
        th, td { text-align: left; padding: .48rem .75rem; border-top: 1px solid var(--line); vertical-align: baseline; }
        th:first-child, td:first-child { padding-left: 1rem; } th:last-child, td:last-child { padding-right: 1rem; }
        thead th { border-top: 0; color: var(--quiet); font-size: .78rem; font-weight: 500; white-space: nowrap; }
        tbody th { font-weight: 550; }
        tbody tr:hover { background: var(--raised); }
        td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
        time { white-space: nowrap; }
        tbody th .id, tbody th .quiet { display: block; font-size: .8rem; }
        tbody th .badge { margin-left: .3rem; }

        .badge { display: inline-block; font-size: .76rem; line-height: 1.5; font-weight: 600; padding: 0 .5rem;
          border-radius: 1rem; border: 1px solid currentColor; color: var(--quiet); white-space: nowrap; }
        .badge.good { color: var(--good); } .badge.warn { color: var(--warn); }
        .badge.bad { color: var(--bad); } .badge.busy { color: var(--busy); }
        .alert { color: var(--bad); } .alert, .notice { margin: 0 0 1rem; overflow-wrap: anywhere; }
        .notice { padding: .6rem 1rem; border-radius: .6rem; background: var(--card); border: 1px solid var(--warn); }

        svg.spark { width: 7.5rem; height: 2rem; overflow: visible; display: block; }
        .figure svg.spark { width: 100%; height: 2.2rem; margin-top: .3rem; }
        .spark polyline { fill: none; stroke: var(--accent); stroke-width: 1.5; }
        .spark polygon { fill: var(--accent); opacity: .14; }
        .spark.bad polyline { stroke: var(--bad); } .spark.bad polygon { fill: var(--bad); }
        .spark.warn polyline { stroke: var(--warn); } .spark.warn polygon { fill: var(--warn); }
        svg.bar { width: 100%; min-width: 5rem; height: .5rem; } .bar rect { fill: var(--good); }
        .bar.warn rect { fill: var(--warn); } .bar.bad rect { fill: var(--bad); } .bar .track { fill: var(--line); }
        svg.stretch { width: 100%; min-width: 6rem; height: 17px; display: block; overflow: visible; }
        .stretch rect { fill: var(--accent); } .stretch.bad rect { fill: var(--bad); }
        .stretch .critical, .stretch.bad .critical { fill: var(--ink); }
        .stretch.s0 rect { fill: var(--s0); } .stretch.s1 rect { fill: var(--s1); } .stretch.s2 rect { fill: var(--s2); }
        .stretch.s3 rect { fill: var(--s3); } .stretch.s4 rect { fill: var(--s4); } .stretch.s5 rect { fill: var(--s5); }
        .stretch.s6 rect { fill: var(--s6); } .stretch.s7 rect { fill: var(--s7); }
        .stretch[class] rect.critical { fill: var(--ink); }
        b.s0 { color: var(--s0); } b.s1 { color: var(--s1); } b.s2 { color: var(--s2); } b.s3 { color: var(--s3); }
        b.s4 { color: var(--s4); } b.s5 { color: var(--s5); } b.s6 { color: var(--s6); } b.s7 { color: var(--s7); }

        .facts { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; align-items: baseline; margin: -.4rem 0 1rem;
          color: var(--quiet); }
        .fall { padding: .3rem 0 .5rem; overflow-x: auto; }
        .scale, .span summary { display: grid; grid-template-columns: minmax(14rem, 2fr) 3fr; gap: 1rem; padding: .16rem 1rem; }
        .scale > div { display: flex; justify-content: space-between; color: var(--quiet); font-size: .75rem;
          padding-right: 5rem; }
        .span summary { cursor: pointer; list-style: none; align-items: center; }
        .span summary::-webkit-details-marker { display: none; }
        .span summary:hover, .span[open] summary { background: var(--raised); }
        .span .name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
        .span .name::before { content: "▸"; color: var(--quiet); display: inline-block; width: 1rem; font-size: .8em; }
        .span[open] .name::before { content: "▾"; }
        .span .time { display: grid; grid-template-columns: 1fr 4.5rem; gap: .5rem; align-items: center; }
        .span .time em { font-style: normal; text-align: right; font-variant-numeric: tabular-nums; font-size: .82rem;
          color: var(--quiet); }
        .span > .alert { margin: .3rem 1rem .3rem 2rem; }
        .d1 { padding-left: .9rem; } .d2 { padding-left: 1.8rem; } .d3 { padding-left: 2.7rem; } .d4 { padding-left: 3.6rem; }
        .d5 { padding-left: 4.5rem; } .d6 { padding-left: 5.4rem; } .d7 { padding-left: 6.3rem; } .d8 { padding-left: 7.2rem; }
        .d9 { padding-left: 8.1rem; } .d10 { padding-left: 9rem; } .d11 { padding-left: 9.9rem; } .d12 { padding-left: 10.8rem; }
        dl { margin: .3rem 1rem .6rem 2rem; font-size: .85rem; } dl div { display: flex; gap: 1rem; padding: .1rem 0; }
        dt { color: var(--quiet); min-width: 12rem; } dd { margin: 0; overflow-wrap: anywhere; }
        pre { font: .8rem/1.5 ui-monospace, SFMono-Regular, Menlo, monospace; white-space: pre-wrap; overflow-wrap: anywhere;
          margin: .4rem 0; }

        .tree { list-style: none; margin: 0; padding: .8rem 1rem .8rem 1.4rem; }
        .tree li { position: relative; padding: 0 0 1rem 1.6rem; border-left: 2px solid var(--line); }
        .tree li:last-child { border-left-color: transparent; padding-bottom: 0; }
        .tree li::before { content: ""; position: absolute; left: -.46rem; top: .3rem; width: .8rem; height: .8rem;
          border-radius: 50%; background: var(--card); border: 2px solid var(--line); }
        .tree li.good { border-left-color: var(--good); } .tree li.good::before { background: var(--good); border-color: var(--good); }
        .tree li.bad::before { background: var(--bad); border-color: var(--bad); }
        .tree li.warn::before { background: var(--warn); border-color: var(--warn); }
        .tree li.busy::before { background: var(--busy); border-color: var(--busy); }
        .step { display: flex; flex-wrap: wrap; gap: .2rem .7rem; align-items: baseline; } .step .alert { flex-basis: 100%; margin: 0; }
        .undo { margin: .3rem 0 0; display: flex; flex-wrap: wrap; gap: .2rem .7rem; color: var(--quiet); }
        .undo .alert { flex-basis: 100%; margin: 0; }

        .tabs { display: flex; flex-wrap: wrap; gap: .35rem; margin-bottom: 1rem; }
        .tabs a { padding: .2rem .75rem; border: 1px solid var(--line); border-radius: 1rem; background: var(--card); }
        .tabs a[aria-current] { background: var(--accent); color: var(--card); border-color: var(--accent); }
        .filter { display: flex; flex-wrap: wrap; gap: .8rem; align-items: end; margin-bottom: 1rem; }
        .filter label { display: grid; gap: .15rem; font-size: .8rem; color: var(--quiet); }
        .filter .check { display: flex; align-items: center; gap: .4rem; padding-bottom: .45rem; }
        .actions { display: flex; gap: .6rem; margin-bottom: 1rem; }
        input, select { font: inherit; font-size: .9rem; color: var(--ink); background: var(--card); padding: .38rem .6rem;
          border: 1px solid light-dark(#8a95a6, #51607a); border-radius: .4rem; max-width: 100%; }
        input[type=checkbox] { width: 1rem; height: 1rem; accent-color: var(--accent); }
        button { font: inherit; font-size: .9rem; cursor: pointer; border-radius: .4rem; padding: .38rem .85rem; background: none;
          color: var(--accent); border: 1px solid var(--accent); }
        button.primary { background: var(--accent); color: light-dark(#fff, #0c1a29); font-weight: 600; }
        button.plain { border: 0; padding: 0; }
        button:hover { filter: brightness(1.08); }
        .more { display: inline-block; padding: .4rem 0; }
        main.entry { max-width: 22rem; margin: 12vh auto 0; display: grid; gap: .8rem; }
        main.entry .brand { padding: 0; } main.entry p { margin: 0; }
        .login { display: grid; gap: .8rem; margin-top: .6rem; } .login label { display: grid; gap: .2rem; }

        @media (max-width: 52rem) {
          body.app { display: block; }
          .side { position: static; height: auto; padding: .7rem 1rem; gap: .6rem; }
          .side .brand { padding: 0; }
          .links { flex-direction: row; overflow-x: auto; margin: 0 -1rem; padding: 0 1rem .2rem; }
          .links a { white-space: nowrap; }
          .who { border: 0; padding: 0; display: flex; justify-content: space-between; gap: 1rem; }
          main { padding-top: 1rem; }
          .scale { display: none; }
          .span summary { grid-template-columns: 1fr; gap: 0; padding: .3rem 1rem; }
          dl div { display: block; }
        }
        @media (prefers-reduced-motion: no-preference) { .live[data-state=on]::before { animation: pulse 2.5s infinite; } }
        @keyframes pulse { 50% { opacity: .35; } }
        """
}
