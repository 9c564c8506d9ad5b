// A job summary as a page like GitHub's: Markdown to HTML, what GitHub takes out taken out, Mermaid blocks drawn. Pure.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { marked } from 'marked';
import { isObject } from '../../lab/json.js';
import type { Chart, Rendered } from './page-faults.js';

/** https://github.com/gjtorikian/html-pipeline/blob/main/lib/html_pipeline/sanitization_filter.rb */
const GITHUB_TAGS =
  'h1 h2 h3 h4 h5 h6 br b i strong em a pre code img tt div ins del sup sub p picture ol ul table thead tbody tfoot blockquote dl dt dd kbd q samp var hr ruby rt rp li tr td th s strike summary details caption figure figcaption abbr bdo cite dfn mark small source span time wbr'.split(
    ' ',
  );

const RESULT_ID = 'rendered';

/** @param modules folder of the npm packages that the page loads */
export function toPage(markdown: string, modules: string): string {
  const urlOf = (file: string): string => pathToFileURL(join(modules, file)).href;
  const html = marked.parse(markdown, { async: false, gfm: true });
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Job summary</title>
<link rel="stylesheet" href="${urlOf('github-markdown-css/github-markdown-light.css')}">
<style>body { margin: 32px } main { max-width: 1012px }</style>
<main class="markdown-body"></main>
<script src="${urlOf('dompurify/dist/purify.min.js')}"></script>
<script src="${urlOf('@mermaid-js/tiny/dist/mermaid.tiny.js')}"></script>
<script>
(${draw.toString()})(${[html, GITHUB_TAGS, RESULT_ID].map(toScript).join(', ')});
</script>
</html>
`;
}

/** As JSON that cannot end the script it stands in. */
function toScript(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

/** Runs in the page: shows the HTML, draws the charts, and leaves what came of it in an element. */
async function draw(html: string, tags: readonly string[], resultId: string): Promise<void> {
  const { document, DOMPurify, mermaid } = globalThis as unknown as PageGlobals;
  const main = document.querySelector('main')!;
  main.innerHTML = DOMPurify.sanitize(html, { ALLOWED_TAGS: tags, ALLOW_DATA_ATTR: false });
  const removed = DOMPurify.removed
    .map(({ element, attribute }) => element?.nodeName ?? attribute?.name ?? '')
    // What DOMPurify itself puts around the text.
    .filter((name) => name !== '' && name !== 'BODY' && name !== 'class');
  const charts: Chart[] = [];
  mermaid.initialize({ startOnLoad: false });
  for (const [index, code] of [...main.querySelectorAll('code.language-mermaid')].entries()) {
    const figure = document.createElement('div');
    code.parentElement!.replaceWith(figure);
    try {
      const { svg } = await mermaid.render(`chart-${index}`, code.textContent, figure);
      figure.innerHTML = svg;
      const widths = [...figure.querySelectorAll('rect.task')].map((bar) => Number(bar.getAttribute('width')));
      charts.push({ error: null, bars: widths.filter((width) => width > 0).length });
    } catch (error) {
      charts.push({ error: String(error), bars: 0 });
    }
  }
  const result = document.createElement('script');
  result.id = resultId;
  result.setAttribute('type', 'application/json');
  result.textContent = encodeURIComponent(
    JSON.stringify({
      removed,
      charts,
      tables: main.querySelectorAll('table').length,
      codeBlocks: main.querySelectorAll('pre').length,
      // With the margins.
      height: main.scrollHeight + 64,
    }),
  );
  document.documentElement.append(result);
}

/** What `draw` finds in the page; the DOM's own types would be seen by the action's code too. */
interface PageGlobals {
  readonly document: {
    readonly documentElement: PageElement;
    querySelector(selector: string): PageElement | null;
    createElement(name: string): PageElement;
  };
  readonly DOMPurify: {
    sanitize(html: string, options: object): string;
    readonly removed: readonly { readonly element?: { nodeName: string }; readonly attribute?: { name: string } }[];
  };
  readonly mermaid: {
    initialize(options: object): void;
    render(id: string, text: string, container: PageElement): Promise<{ readonly svg: string }>;
  };
}

interface PageElement {
  id: string;
  innerHTML: string;
  textContent: string;
  readonly parentElement: PageElement | null;
  readonly scrollHeight: number;
  querySelectorAll(selector: string): Iterable<PageElement> & { readonly length: number };
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  append(element: PageElement): void;
  replaceWith(element: PageElement): void;
}

/**
 * @param dom of a page of `toPage`, as Chromium prints it when the page is done
 * @throws Error when the page did not come to its end
 */
export function readRendered(dom: string): Rendered {
  const text = new RegExp(`<script id="${RESULT_ID}"[^>]*>([^<]*)</script>`).exec(dom)?.[1];
  if (text === undefined) throw new Error(`The page was not rendered to its end:\n${dom.slice(-2000)}`);
  const rendered: unknown = JSON.parse(decodeURIComponent(text));
  if (!isObject(rendered)) throw new Error(`The page left no result but ${text}`);
  return rendered as unknown as Rendered;
}
