/// The gateway's pages for people: one file each, nothing loaded from elsewhere.
enum DocumentPages {
    /// Renders `/openapi.json` in the browser.
    static let reference = """
        <!doctype html><html lang="en"><meta charset="utf-8"><title>Mainstay API</title>
        <style>\(style)</style>
        <main><h1>API</h1><p id="about"></p><div id="operations">Loading …</div></main>
        <script>\(script)</script></html>
        """

    private static let style = """
        body{font:16px/1.5 system-ui,sans-serif;margin:0;color:#1c2430;background:#f7f8fa}
        main{max-width:60rem;margin:2rem auto;padding:0 1rem}
        details{background:#fff;border:1px solid #dde2ea;border-radius:6px;margin:.5rem 0;padding:.5rem 1rem}
        summary{cursor:pointer}code,pre{font:13px/1.5 ui-monospace,monospace}
        pre{background:#f1f3f6;padding:.75rem;overflow:auto;border-radius:4px}
        .m{display:inline-block;width:4.5rem;font-weight:600;color:#0b5cad}
        table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.25rem .5rem;border-top:1px solid #e7ebf0}
        """

    private static let script = """
        const text=(tag,value,parent)=>{const e=document.createElement(tag);e.textContent=value;parent.append(e);return e};
        const table=(head,rows,parent)=>{const t=text('table','',parent);const h=text('tr','',t);
        head.forEach(c=>text('th',c,h));rows.forEach(r=>{const row=text('tr','',t);r.forEach(c=>text('td',c,row))})};
        fetch('/openapi.json').then(r=>r.json()).then(api=>{
        document.getElementById('about').textContent=api.info.description;
        const root=document.getElementById('operations');root.textContent='';
        const groups={};
        for(const[path,methods]of Object.entries(api.paths))for(const[method,op]of Object.entries(methods))
        (groups[op.tags[0]]??=[]).push([method.toUpperCase(),path,op]);
        for(const tag of Object.keys(groups).sort()){text('h2',tag,root);
        for(const[method,path,op]of groups[tag]){const d=text('details','',root);const s=text('summary','',d);
        text('span',method,s).className='m';text('code',path,s);text('span',' — '+op.summary,s);
        if(op.parameters)table(['parameter','in','required','meaning'],
        op.parameters.map(p=>[p.name,p.in,p.required?'yes':'no',p.description]),d);
        if(op.requestBody){text('h4','Body',d);
        text('pre',JSON.stringify(op.requestBody.content['application/json'].schema,null,2),d)}
        table(['status','meaning'],Object.entries(op.responses).map(([k,v])=>[k,v.description]),d)}}
        text('h2','Shapes',root);
        for(const[name,schema]of Object.entries(api.components.schemas)){const d=text('details','',root);
        text('summary',name,d);text('pre',JSON.stringify(schema,null,2),d)}});
        """
}
