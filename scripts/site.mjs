// `npm run site [-- NAME]`: the site of guide, pages and reference, from the sources as they are.
import { BUILD, dispatch } from './dispatch.mjs';

const tasks = {
  reference: {
    does: 'the API reference in Markdown into site/pages/api/, from the comments; a warning is an error',
    takes: '20 s',
    commands: [['typedoc']],
  },
  traces: {
    does: 'the pages of traces that are shown live, from examples/seeing/',
    takes: '10 s',
    commands: [BUILD, [process.execPath, 'site/traces.mjs']],
  },
  pages: {
    does: 'site/dist/, from docs/ and what the two before have made',
    takes: '40 s',
    commands: [
      [process.execPath, 'site/stage.mjs'],
      ['vitepress', 'build', 'site'],
    ],
  },
  preview: {
    does: 'serves site/dist/ on this machine; --port 4173',
    takes: 'until Ctrl-C',
    commands: [['vitepress', 'preview', 'site']],
  },
};

await dispatch('site', tasks, ['reference', 'traces', 'pages']);
