// The style sheet of the report: light and dark by the colours of the plots, small screens, paper.
import { css, definitions, FAINT, INK, LINE, PAPER } from './palette.ts';

export const STYLE = `${definitions()}
:root{color-scheme:light dark}
body{margin:0 auto;padding:1rem;max-width:76rem;line-height:1.5;font-family:system-ui,sans-serif;
color:${css(INK)};background:${css(PAPER)};overflow-wrap:anywhere}
h1,h2,h3{line-height:1.2}h2{margin-top:2.5rem;border-top:1px solid ${css(LINE)};padding-top:1.5rem}
a{color:inherit}small,figcaption,caption{color:${css(FAINT)}}
.wide{overflow-x:auto;margin:1rem 0}
table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums}
caption{text-align:left;padding:.25rem 0;position:sticky;left:0}
th,td{text-align:left;vertical-align:top;padding:.3rem .9rem .3rem 0;
border-bottom:1px solid ${css(LINE)};overflow-wrap:normal}
thead th{vertical-align:bottom}
td.n,th.n{text-align:right}td.n{white-space:nowrap}td:not(.n){min-width:8rem}
tbody th{font-weight:normal;min-width:7rem}
.ours{font-weight:bold}
.banner{border:2px solid #d55e00;padding:.25rem 1rem;margin:1rem 0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem}dd{margin:0}
figure{margin:1.5rem 0}figure .wide{margin:.5rem 0}
figure svg{display:block;width:100%;min-width:40rem;max-width:60rem;height:auto}
code{font-size:.875rem}pre{white-space:pre-wrap;margin:0}
nav ul{columns:16rem;padding-left:1.2rem}
@media print{body{max-width:none}figure,tr{break-inside:avoid}.wide{overflow:visible}
figure svg{min-width:0}table{font-size:.7rem}}
`;
