import { type AST, RegExpParser } from '@eslint-community/regexpp';

/** Enough of Unicode to see whether two sets of characters overlap, and the end of the text. */
const SAMPLES = [...Array.from({ length: 0x300 }, (_, code) => code), 0x0661, 0x2028, 0x3000, 0xd83d, 0xfeff, 0xff11];
const END = -1;
/** A repetition of more than this is as good as without an end. */
const FEW = 64;

type Characters = ReadonlySet<number>;
const EVERYTHING: Characters = new Set([...SAMPLES, END]);
const NOTHING: Characters = new Set();

const union = (...sets: Characters[]): Characters => new Set(sets.flatMap((set) => [...set]));
const overlap = (one: Characters, other: Characters): boolean => [...one].some((code) => other.has(code));

interface Repetition {
  readonly raw: string;
  /** The next character alone does not say whether to go on or to leave. */
  readonly isAmbiguous: boolean;
  /** Something behind it can fail, and send the search back into it. */
  readonly canBeReentered: boolean;
}

/**
 * Why a pattern might take more than linear time, by its structure. Sound for what it accepts, up to sampling the characters:
 * where every choice is decided by the next character, a backtracking engine never takes one back further than by one character.
 * Beyond that one long ambiguous repetition is accepted, in a pattern that begins with `^` and has no long one behind it.
 * It refuses many patterns that are harmless; it does not follow lookarounds and word boundaries, which count as anything.
 */
export function faultsOfPattern(source: string, flags: string): string[] {
  const unicode = flags.includes('u');
  const pattern = new RegExpParser().parsePattern(source, 0, source.length, { unicode, unicodeSets: false });
  return new Analysis(flags).faultsOf(pattern);
}

class Analysis {
  private readonly faults: string[] = [];
  private readonly long: Repetition[] = [];
  private readonly flags: string;

  constructor(flags: string) {
    this.flags = flags.replace(/[gy]/g, '');
  }

  faultsOf(pattern: AST.Pattern): string[] {
    this.choices(pattern.alternatives, NOTHING, false);
    const isAnchored = pattern.alternatives.every(({ elements: [first] }) => isStart(first));
    this.long.forEach(({ raw, isAmbiguous, canBeReentered }, index) => {
      if (isAmbiguous && index < this.long.length - 1) this.faults.push(`${raw} is ambiguous, with another behind it`);
      if (!isAnchored && canBeReentered) this.faults.push(`${raw} can fail from every start, without ^`);
    });
    return this.faults;
  }

  private choices(alternatives: readonly AST.Alternative[], after: Characters, isRepeated: boolean): void {
    const firsts = alternatives.map(({ elements }) => this.firstOfAll(elements, after));
    const isAmbiguous = firsts.some((first, i) => firsts.slice(i + 1).some((other) => overlap(first, other)));
    if (isAmbiguous && isRepeated) this.faults.push('alternatives that overlap, repeated');
    for (const { elements } of alternatives) {
      elements.forEach((element, i) => this.visit(element, this.firstOfAll(elements.slice(i + 1), after), isRepeated));
    }
  }

  private visit(element: AST.Element, after: Characters, isRepeated: boolean): void {
    if (element.type === 'Group' || element.type === 'CapturingGroup') {
      this.choices(element.alternatives, after, isRepeated);
    } else if (element.type === 'Assertion' && 'alternatives' in element) {
      this.choices(element.alternatives, NOTHING, true);
    } else if (element.type === 'Quantifier') {
      this.repetition(element, after, isRepeated);
    } else if (element.type === 'Backreference') {
      this.faults.push('a back reference');
    }
  }

  private repetition({ element, min, max, raw }: AST.Quantifier, after: Characters, isRepeated: boolean): void {
    const first = this.firstOf(element, NOTHING);
    const isAmbiguous = min !== max && overlap(first, after);
    if (isAmbiguous && isRepeated) this.faults.push(`${raw} is ambiguous, and repeated`);
    if (max > 1 && this.isNullable(element)) this.faults.push(`${raw} repeats what may be empty`);
    if (max > FEW) this.long.push({ raw, isAmbiguous, canBeReentered: after.size > 0 });
    this.visit(element, max > 1 ? union(first, after) : after, isRepeated || max > 1);
  }

  private firstOfAll(elements: readonly AST.Element[], after: Characters): Characters {
    let first = after;
    for (const element of [...elements].reverse()) first = this.firstOf(element, first);
    return first;
  }

  /** What the text may go on with where the element stands, when `after` may come behind it. */
  private firstOf(element: AST.Element, after: Characters): Characters {
    switch (element.type) {
      case 'Group':
      case 'CapturingGroup':
        return union(...element.alternatives.map(({ elements }) => this.firstOfAll(elements, after)));
      case 'Quantifier':
        return element.min === 0
          ? union(this.firstOf(element.element, after), after)
          : this.firstOf(element.element, after);
      case 'Assertion':
        return isStart(element) ? after : element.kind === 'end' ? new Set([END]) : EVERYTHING;
      case 'Character':
      case 'CharacterClass':
      case 'CharacterSet':
        return this.charactersOf(element.raw);
      default:
        return EVERYTHING;
    }
  }

  private isNullable(element: AST.Element): boolean {
    const marker = new Set([-2]);
    return this.firstOf(element, marker).has(-2);
  }

  private charactersOf(raw: string): Characters {
    const one = new RegExp(`^(?:${raw})$`, this.flags);
    return new Set(SAMPLES.filter((code) => one.test(String.fromCodePoint(code))));
  }
}

const isStart = (element: AST.Element | undefined): boolean =>
  element?.type === 'Assertion' && element.kind === 'start';
