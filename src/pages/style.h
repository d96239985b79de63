// The look of every page: colours, type and spacing, in one place.
#pragma once

namespace radgen::pages {

// The series colours --s0..--s7 follow Okabe and Ito's colour-blind-safe set, darkened or lightened
// to a contrast of at least 3:1 on their ground.
inline constexpr const char* kStyle = R"css(
:root{color-scheme:light dark;--ground:#fff;--panel:#f6f7f9;--line:#dfe3e8;--grid:#e8ebef;--ink:#16202c;--soft:#566372;
--s0:#0067a8;--s1:#c8500a;--s2:#00875f;--s3:#a8479a;--s4:#a87500;--s5:#2b8fd0;--s6:#6b6f76;--s7:#8c2f39;--on:#fff;
--note:#0067a8;--good:#00875f;--warn:#a86b00;--alarm:#c0262d}
@media (prefers-color-scheme:dark){:root{--ground:#11161d;--panel:#19212b;--line:#2c3744;--grid:#26303c;--ink:#e7ecf2;
--soft:#9aa8b7;--s0:#5ab0ee;--s1:#f2894b;--s2:#3cc89b;--s3:#d98fcd;--s4:#e5b84a;--s5:#8fcdf5;--s6:#a9b0b9;--s7:#e0818b;
--on:#0c1116;--note:#5ab0ee;--good:#3cc89b;--warn:#e5b84a;--alarm:#ff7b7f}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",Arial,sans-serif;-webkit-text-size-adjust:100%}
header,main,footer{max-width:940px;margin:0 auto;padding:0 28px}
header{padding-top:40px}
h1{font-size:30px;line-height:1.2;letter-spacing:-.015em;margin:0}
h2{font-size:21px;letter-spacing:-.01em;margin:52px 0 6px;padding-top:18px;border-top:1px solid var(--line)}
p{margin:8px 0 14px;max-width:72ch}
.subtitle,.lead,figcaption,caption{color:var(--soft)}
.subtitle{margin:6px 0 0}
.standing{display:inline-block;margin:16px 0 0;padding:3px 12px;border:1px solid var(--warn);border-radius:99px;
color:var(--warn);font-size:13.5px;font-weight:600}
nav{margin:22px 0 0;font-size:14.5px}nav a{color:var(--note);text-decoration:none;margin-right:18px;white-space:nowrap}
nav a:hover{text-decoration:underline}
.callout{margin:18px 0;padding:12px 18px;border-left:4px solid var(--tone);border-radius:4px;background:var(--panel)}
.callout b{color:var(--tone);display:block}.callout p{margin:2px 0 0}
.note{--tone:var(--note)}.good{--tone:var(--good)}.warning{--tone:var(--warn)}.alarm{--tone:var(--alarm)}
.facts{display:flex;flex-wrap:wrap;gap:12px;margin:22px 0}
.fact{flex:1 1 150px;padding:14px 18px;border:1px solid var(--line);border-radius:8px}
.fact .value{font-size:26px;font-weight:650;letter-spacing:-.02em;font-variant-numeric:tabular-nums;line-height:1.2}
.fact .label{font-size:14px}.fact .detail{font-size:12.5px;color:var(--soft)}
.scroll{overflow-x:auto;margin:16px 0}
table{border-collapse:collapse;font-size:14.5px;min-width:50%}
caption{text-align:left;font-size:14px;padding-bottom:6px}
th{text-align:left;font-weight:600;color:var(--soft);border-bottom:1.5px solid var(--line)}
th,td{padding:7px 18px 7px 0;vertical-align:top}th{vertical-align:bottom}
th:last-child,td:last-child{padding-right:0}
td{border-bottom:1px solid var(--grid)}
tr.noted td{border-bottom:0;padding-bottom:0}tr.note{background:none}
tr.note td{padding-top:1px;font-size:13px;color:var(--soft);max-width:0}
.number{text-align:right;font-variant-numeric:tabular-nums}
tr.strong td{font-weight:650}
figure{margin:20px 0 26px}figcaption{font-size:14px;margin-top:6px;max-width:80ch}
figure svg,figure img{display:block;max-width:100%;height:auto}
svg text{font-family:inherit}
footer{margin-top:56px;padding-top:16px;padding-bottom:40px;color:var(--soft);font-size:13.5px}
footer div{border-top:1px solid var(--line);padding-top:14px}
@page{margin:14mm}
@media print{:root{color-scheme:light;--ground:#fff;--panel:#f6f7f9;--line:#dfe3e8;--grid:#e8ebef;--ink:#16202c;--soft:#566372;
--s0:#0067a8;--s1:#c8500a;--s2:#00875f;--s3:#a8479a;--s4:#a87500;--s5:#2b8fd0;--s6:#6b6f76;--s7:#8c2f39;--on:#fff;
--note:#0067a8;--good:#00875f;--warn:#a86b00;--alarm:#c0262d}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
body{font-size:11.5px}header,main,footer{max-width:none;padding-left:0;padding-right:0}header{padding-top:0}nav{display:none}
h2{break-after:avoid;margin-top:28px}.lead{break-after:avoid}figure,.callout,.fact,tr{break-inside:avoid}tr.noted{break-after:avoid}
.scroll{overflow:visible}table{font-size:9.5px;width:100%}th,td{padding:4px 9px 4px 0;overflow-wrap:anywhere}
tr.note td{font-size:8.5px}figure svg{max-width:150mm}figcaption,caption,.fact .label{font-size:10.5px}.fact .value{font-size:19px}
.fact .detail{font-size:9.5px}}
)css";

}  // namespace radgen::pages
