/** Charts as SVG, in colours that can be read on a light and on a dark page alike, with the numbers written beside what is drawn. */

/** Contrasts of about four to one against white and against near-black. */
const TEXT = '#737d87';
const COLOURS = ['#2f81f7', '#8957e5', '#bf8700', '#2da44e', '#cf5f5f', '#1b9aaa', '#bf5fa0', '#7d8590', '#a0722a', '#5a6acf'] as const;
const FONT = 'font-family="system-ui, sans-serif"';

const WIDTH = 880;
const LABELS_WIDTH = 400;
const NUMBERS_WIDTH = 90;
const BAR_HEIGHT = 14;
const BAR_GAP = 2;
const GROUP_GAP = 10;
const HEAD_HEIGHT = 58;

export interface BarChart {
  readonly title: string;
  /** What the numbers are. */
  readonly subtitle: string;
  /** What the bars of a group stand for, in their order. */
  readonly series: readonly string[];
  readonly groups: readonly BarGroup[];
  /** A value that a line is drawn at, such as that of whom all is compared with. */
  readonly mark?: number;
  format(value: number): string;
}

export interface BarGroup {
  readonly label: string;
  /** One a series; `undefined` where there is none. */
  readonly values: readonly (number | undefined)[];
}

export function barChart({ title, subtitle, series, groups, mark, format }: BarChart): string {
  const largest = Math.max(mark ?? 0, ...groups.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const scale = (WIDTH - LABELS_WIDTH - NUMBERS_WIDTH) / largest;
  const groupHeight = series.length * (BAR_HEIGHT + BAR_GAP) + GROUP_GAP;
  const height = HEAD_HEIGHT + groups.length * groupHeight + 8;
  const parts = [...head(title, subtitle), ...(series.length > 1 ? legend(series) : [])];
  groups.forEach(({ label, values }, i) => {
    const top = HEAD_HEIGHT + i * groupHeight;
    parts.push(text(LABELS_WIDTH - 10, top + (groupHeight - GROUP_GAP) / 2 + 4, label, 'text-anchor="end"'));
    values.forEach((value, bar) => {
      if (value === undefined) return;
      const y = top + bar * (BAR_HEIGHT + BAR_GAP);
      parts.push(`<rect x="${LABELS_WIDTH}" y="${y}" width="${fixed(value * scale)}" height="${BAR_HEIGHT}" rx="2" fill="${colour(bar)}"/>`);
      parts.push(text(LABELS_WIDTH + value * scale + 6, y + BAR_HEIGHT - 3, format(value)));
    });
  });
  if (mark !== undefined) parts.push(line(LABELS_WIDTH + mark * scale, HEAD_HEIGHT - 4, LABELS_WIDTH + mark * scale, height - 8, 'stroke-dasharray="3 3"'));
  return document(WIDTH, height, title, parts);
}

export interface LineChart {
  readonly title: string;
  readonly subtitle: string;
  readonly lines: readonly Line[];
  readonly xLabel: string;
  /** Whether the horizontal axis counts in powers of ten. */
  readonly isLogarithmic: boolean;
  /** What is above it is cut off. */
  readonly largest?: number;
  format(value: number): string;
}

export interface Line {
  readonly label: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

const PLOT = { left: 70, right: 580, top: HEAD_HEIGHT + 6, bottom: 330 } as const;

/** Lines from zero up, each with its last number at its end. */
export function lineChart({ title, subtitle, lines, xLabel, isLogarithmic, largest: most = Infinity, format }: LineChart): string {
  const points = lines.flatMap((each) => each.points);
  const along = (value: number): number => (isLogarithmic ? Math.log10(value) : value);
  const [first, last] = [Math.min(...points.map(({ x }) => along(x))), Math.max(...points.map(({ x }) => along(x)))];
  const largest = Math.min(most, Math.max(...points.map(({ y }) => y)) * 1.1 || 1);
  const x = (value: number): number => PLOT.left + ((along(value) - first) / (last - first || 1)) * (PLOT.right - PLOT.left);
  const y = (value: number): number => PLOT.bottom - (Math.min(value, largest) / largest) * (PLOT.bottom - PLOT.top);
  const parts = [...head(title, subtitle), line(PLOT.left, PLOT.bottom, PLOT.right, PLOT.bottom), line(PLOT.left, PLOT.top, PLOT.left, PLOT.bottom)];
  for (const tick of ticks(points.map((point) => point.x), isLogarithmic)) parts.push(text(x(tick), PLOT.bottom + 18, tick.toLocaleString('en'), 'text-anchor="middle"'));
  for (const share of [0, 0.5, 1]) parts.push(text(PLOT.left - 8, y(share * largest) + 4, format(share * largest), 'text-anchor="end"'));
  parts.push(text((PLOT.left + PLOT.right) / 2, PLOT.bottom + 38, xLabel, 'text-anchor="middle"'));
  const ends = apart(lines.map((each) => y(each.points.at(-1)?.y ?? 0)));
  lines.forEach((each, i) => {
    const path = each.points.map((point) => `${fixed(x(point.x))},${fixed(y(point.y))}`).join(' ');
    parts.push(`<polyline points="${path}" fill="none" stroke="${colour(i)}" stroke-width="2"/>`);
    for (const point of each.points.length > 40 ? [] : each.points) parts.push(`<circle cx="${fixed(x(point.x))}" cy="${fixed(y(point.y))}" r="3" fill="${colour(i)}"/>`);
    const end = each.points.at(-1);
    if (end !== undefined) parts.push(text(PLOT.right + 8, ends[i]! + 4, `${each.label}: ${format(end.y)}`, '', colour(i)));
  });
  return document(WIDTH, PLOT.bottom + 52, title, parts);
}

/** The values themselves where they count in powers of ten, else five that are evenly apart. */
function ticks(values: readonly number[], isLogarithmic: boolean): number[] {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (!isLogarithmic) return [0, 1, 2, 3, 4].map((i) => Number((least + ((most - least) * i) / 4).toPrecision(3)));
  return Array.from({ length: 8 }, (_, i) => 10 ** i).filter((tick) => tick >= least && tick <= most);
}

/** Moves heights so far that lines of text at them do not cover each other. */
function apart(heights: readonly number[]): number[] {
  const moved = [...heights];
  const order = heights.map((_, i) => i).sort((a, b) => heights[a]! - heights[b]!);
  order.forEach((index, i) => {
    const above = i === 0 ? -Infinity : moved[order[i - 1]!]!;
    moved[index] = Math.max(heights[index]!, above + 15);
  });
  return moved;
}

function head(title: string, subtitle: string): string[] {
  return [text(10, 20, title, 'font-weight="600" font-size="15"'), text(10, 38, subtitle)];
}

function legend(series: readonly string[]): string[] {
  return series.flatMap((label, i) => {
    const x = WIDTH - (series.length - i) * 110;
    return [`<rect x="${x}" y="29" width="10" height="10" rx="2" fill="${colour(i)}"/>`, text(x + 15, 38, label)];
  });
}

function document(width: number, height: number, title: string, parts: readonly string[]): string {
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}" ${FONT} font-size="12">`;
  return `${[open, ...parts, '</svg>'].join('\n')}\n`;
}

function text(x: number, y: number, content: string, attributes = '', fill: string = TEXT): string {
  return `<text x="${fixed(x)}" y="${fixed(y)}" fill="${fill}"${attributes === '' ? '' : ` ${attributes}`}>${escaped(content)}</text>`;
}

function line(x1: number, y1: number, x2: number, y2: number, attributes = ''): string {
  return `<line x1="${fixed(x1)}" y1="${fixed(y1)}" x2="${fixed(x2)}" y2="${fixed(y2)}" stroke="${TEXT}"${attributes === '' ? '' : ` ${attributes}`}/>`;
}

function colour(index: number): string {
  return COLOURS[index % COLOURS.length]!;
}

function fixed(value: number): string {
  return String(Number(value.toFixed(1)));
}

function escaped(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
