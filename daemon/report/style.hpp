#pragma once

namespace backstop::report {

/// Of the HTML report: light, one column, A4 when printed.
inline constexpr const char* kStyle = R"css(
:root { --ink: #1b2430; --quiet: #5b6672; --line: #dde2e7; --bad: #b3261e; --good: #1c6b3a; --wash: #f5f7f9; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; max-width: 58rem; padding: 2.2rem 1.4rem 3rem; color: var(--ink); background: #fff;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "DejaVu Sans", sans-serif; }
header { border-bottom: 2px solid var(--ink); padding-bottom: 1rem; margin-bottom: 1.4rem; }
h1 { font-size: 1.65rem; line-height: 1.25; margin: .1rem 0 .7rem; overflow-wrap: anywhere; }
h2 { font-size: 1.12rem; margin: 2.1rem 0 .7rem; }
h3 { font-size: .95rem; margin: 0 0 .25rem; overflow-wrap: anywhere; }
p { margin: 0 0 .7rem; overflow-wrap: anywhere; }
.kind { margin: 0; color: var(--quiet); text-transform: uppercase; letter-spacing: .08em; font-size: .78rem; }
.status { margin: 0; }
.status span { display: inline-block; padding: .18rem .6rem; border-radius: .3rem; background: var(--wash);
  border: 1px solid var(--line); font-weight: 600; }
.status .good { color: var(--good); background: #e9f5ee; border-color: #bfe0cc; }
.status .bad { color: var(--bad); background: #fdeceb; border-color: #f3c4c0; }
.quiet { color: var(--quiet); font-size: .9rem; }
p.bad, td .bad { color: var(--bad); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(7.6rem, 1fr)); gap: .6rem; margin: 1rem 0; }
.tiles div { background: var(--wash); border: 1px solid var(--line); border-radius: .4rem; padding: .6rem .75rem; }
.tiles b { display: block; font-size: 1.3rem; line-height: 1.25; font-variant-numeric: tabular-nums; }
.tiles span { color: var(--quiet); font-size: .82rem; line-height: 1.3; display: block; }
.tiles .bad b { color: var(--bad); }
.tiles .good b { color: var(--good); }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .2rem 1.1rem; margin: 0 0 .9rem; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
ul { margin: 0 0 .9rem; padding-left: 1.2rem; }
li { margin: .15rem 0; overflow-wrap: anywhere; }
ul.good, ul.bad { list-style: none; padding-left: 1.5rem; }
ul.good li, ul.bad li { position: relative; }
ul.good li::before { content: "+"; color: var(--good); font-weight: 700; position: absolute; left: -1.2rem; }
ul.bad li::before { content: "\2013"; color: var(--bad); font-weight: 700; position: absolute; left: -1.2rem; }
.scroll { overflow-x: auto; margin: 0 0 1rem; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th { text-align: left; color: var(--quiet); font-weight: 600; border-bottom: 1px solid var(--ink); padding: .25rem .7rem .25rem 0;
  white-space: nowrap; }
td { border-bottom: 1px solid var(--line); padding: .32rem .7rem .32rem 0; vertical-align: top; overflow-wrap: break-word; }
td.long { overflow-wrap: anywhere; }
td.clock { white-space: nowrap; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
tr.bad td { color: var(--bad); }
tr.good td { color: var(--good); }
tr td.clock { color: var(--quiet); }
tr.quiet td { color: var(--ink); font-weight: 600; background: var(--wash); padding-left: .5rem; }
code, pre { font: .85rem/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code { overflow-wrap: anywhere; }
figure { margin: 0; }
.output { margin: 0 0 .8rem; }
.output figcaption { color: var(--quiet); font-size: .88rem; margin-bottom: .2rem; }
pre { margin: 0; padding: .55rem .75rem; background: var(--wash); border: 1px solid var(--line); border-radius: .3rem;
  white-space: pre-wrap; overflow-wrap: anywhere; }
.marks { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; font-size: .9rem; }
.marks i { display: inline-block; width: 1.25rem; height: 1.25rem; line-height: 1.25rem; margin-right: .4rem; border-radius: 50%;
  background: var(--ink); color: #fff; font-style: normal; font-size: .75rem; font-weight: 700; text-align: center; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(21rem, 100%), 1fr)); gap: 1.4rem 1.6rem; }
.pictures figcaption { color: var(--quiet); font-size: .84rem; line-height: 1.4; }
svg { display: block; width: 100%; height: auto; }
svg text { font: 10.5px system-ui, -apple-system, "Segoe UI", Roboto, Arial, "DejaVu Sans", sans-serif; fill: #5b6672; }
svg .cr { fill: #fbe0de; } svg .al { fill: #fdf2d3; }
svg .crt, svg .alt, svg .bat { stroke: #fff; stroke-width: 2.5px; stroke-linejoin: round; paint-order: stroke; stroke-opacity: .8; }
svg .crt { fill: #a3231b; } svg .alt { fill: #80600a; } svg .bat { fill: #44515e; }
svg .g { stroke: #1b2430; stroke-opacity: .09; fill: none; } svg .t { stroke: #8a949e; fill: none; }
svg .li { stroke: #b3261e; stroke-dasharray: 5 3; fill: none; } svg .ba { stroke: #44515e; stroke-dasharray: 2 3; fill: none; }
svg .v { stroke: #17509e; stroke-width: 1.8; fill: none; stroke-linejoin: round; }
svg path.m { stroke: #1b2430; stroke-opacity: .5; fill: none; } svg path.mb { stroke: #b3261e; stroke-opacity: .75; fill: none; }
svg circle.m { fill: #1b2430; } svg circle.mb { fill: #b3261e; }
svg .n { fill: #fff; font-weight: 700; font-size: 10px; }
.blank { margin: 0 0 1.3rem; }
.blank div { border-bottom: 1px solid #aab3bc; height: 2rem; }
footer { margin-top: 2.4rem; padding-top: .7rem; border-top: 1px solid var(--line); color: var(--quiet); font-size: .84rem; }
@media (max-width: 34rem) {
  body { padding: 1.2rem .9rem 2rem; } h1 { font-size: 1.35rem; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; }
  .tiles { grid-template-columns: 1fr 1fr; } table { font-size: .86rem; }
}
@page { size: A4; margin: 16mm 15mm 17mm; }
@media print {
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  html { font-size: 12.4px; }
  body { max-width: none; padding: 0; font-size: 12.4px; }
  h2 { margin-top: 1.5rem; break-after: avoid; } h3, .marks { break-after: avoid; }
  .blank div { height: 2.3rem; }
  .pictures { grid-template-columns: 1fr 1fr; gap: 10pt 14pt; }
  .scroll { overflow: visible; }
  tr, figure, .tiles, .blank, li { break-inside: avoid; }
  thead { display: table-header-group; }
}
)css";

} // namespace backstop::report
