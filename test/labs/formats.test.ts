// The formats of a result: against schemas that are made from the public documentation of each system, and the
// schemas against the examples of these documents. The schemas are in schemas/.
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, test } from 'vitest';
import { actionsOf, actionsSummaryOf } from '../../labs/src/formats/actions.ts';
import { formats } from '../../labs/src/formats/index.ts';
import { textOf } from '../../labs/src/formats/text.ts';
import { together } from '../../labs/src/repeat.ts';
import type { LabResult } from '../../labs/src/result.ts';
import { wrap } from '../../labs/src/wrap.ts';
import { failing, failure, passing, resultOf, results } from './results.ts';

const ajv = new Ajv({ allErrors: true, strictTypes: false, strictRequired: false });
const read = <Value>(name: string): Value =>
  JSON.parse(readFileSync(new URL(`./schemas/${name}.json`, import.meta.url), 'utf8')) as Value;

const ENV = {
  CLASSROOM: 'systems',
  ASSIGNMENT: 'lab-4',
  SUBMISSION_TAG: 'submit/1',
  COMMIT_URL: 'https://example.org/commit/1',
  RELEASE_URL: 'https://example.org/release/1',
};

/** The names of the formats in JSON, and of their schemas. */
const SCHEMAS = {
  json: 'lab-result',
  gradescope: 'gradescope',
  classroom50: 'classroom50',
  prairielearn: 'prairielearn',
  exercism: 'exercism',
} as const;

type JsonFormat = keyof typeof SCHEMAS;

function jsonOf(name: JsonFormat, result: LabResult): Record<string, unknown> {
  return JSON.parse(formats[name](result, { env: ENV })) as Record<string, unknown>;
}

function errorsOf(schema: string, value: unknown): unknown[] {
  const validate =
    ajv.getSchema(schema) ?? ajv.addSchema(read<object>(schema), schema).getSchema(schema);
  validate?.(value);
  return validate?.errors ?? [];
}

describe.each(Object.keys(SCHEMAS) as JsonFormat[])('%s', (name) => {
  test.each(Object.entries(results))('%s: as its documentation has it', (_, result) => {
    expect(errorsOf(SCHEMAS[name], jsonOf(name, result))).toEqual([]);
  });
});

type Examples = Record<string, unknown[]>;
const flat = (all: Examples) =>
  Object.entries(all).flatMap(([name, values]) => values.map((value, at) => ({ name, at, value })));

test.each(flat(read<Examples>('examples')))(
  'the example $at of $name is valid',
  ({ name, value }) => {
    expect(errorsOf(name, value)).toEqual([]);
  },
);

test.each(flat(read<Examples>('wrong')))('what is wrong is found: $name $at', ({ name, value }) => {
  expect(errorsOf(name, value)).not.toEqual([]);
});

describe('what the systems read', () => {
  const { mixed } = results;

  test('gradescope: points, and a failure in full for each test', () => {
    const { score, tests } = jsonOf('gradescope', mixed) as {
      score: number;
      tests: { number: string; status?: string; output: string; max_score: number }[];
    };
    expect(score).toBe(6);
    expect(tests.map(({ number, status }) => [number, status])).toEqual([
      ['4.1', 'passed'],
      ['4.3', 'failed'],
      ['4.5', undefined],
      ['4.6', 'failed'],
      ['4.7', 'failed'],
    ]);
    expect(tests[1]?.output).toMatch(/^did +wrote 262,144 bytes.*\nsee +npx edgewise view .*$/s);
    expect(tests[2]).toMatchObject({
      output: expect.stringMatching(/^not checked here: /),
      max_score: 0,
    });
  });

  test('classroom50: whole numbers, and whose submission it is', () => {
    const half = resultOf([{ ...passing, score: 2.5, maxScore: 2.5 }]);
    expect(jsonOf('classroom50', half)).toMatchObject({ score: 3, 'max-score': 3 });
    expect(jsonOf('classroom50', mixed)).toMatchObject({
      assignment: 'lab-4',
      review: ENV.COMMIT_URL,
      datetime: '2026-11-30T22:10:47Z',
    });
  });

  test('prairielearn: a share of 1; what does not compile is not gradable', () => {
    expect(jsonOf('prairielearn', mixed).score).toBeCloseTo(6 / 30);
    expect(jsonOf('prairielearn', results['nothing runs'])).toEqual({
      gradable: false,
      format_errors: [expect.stringMatching(/^echo\.ts:2\nSyntaxError: .*\ngo on until/s)],
    });
    expect(jsonOf('prairielearn', results['nothing checked'])).toMatchObject({ score: 0 });
    const size = Buffer.byteLength(formats.prairielearn(resultOf(Array(40).fill(mixed.checks[4]))));
    expect(size).toBeLessThan(1_000_000);
  });

  test('exercism: the first failure, at most 500 characters of output', () => {
    const { status, tests } = jsonOf('exercism', mixed) as {
      status: string;
      tests: { name: string; status: string; output?: string; task_id: number }[];
    };
    expect(status).toBe('fail');
    expect(tests.map((each) => each.status)).toEqual(['pass', 'fail', 'fail', 'fail']);
    expect(tests.map((each) => each.task_id)).toEqual([1, 1, 1, 3]);
    expect(tests[3]?.output).toHaveLength(500);
    expect(tests[3]?.output).toMatch(/\nOutput was truncated\. Please limit to 500 chars$/);
    expect(jsonOf('exercism', results['all passed'])).toMatchObject({ status: 'pass' });
    expect(jsonOf('exercism', results['nothing runs'])).toMatchObject({ status: 'error' });
  });
});

describe('junit', () => {
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    isArray: (name) => name === 'testcase',
  });
  interface Case {
    name: string;
    classname: string;
    time: string;
    failure?: { message: string; type: string; '#text': string };
    skipped?: { message: string };
  }

  test.each(Object.entries(results))('%s: well-formed, with counts that agree', (_, result) => {
    const xml = formats.junit(result);
    expect(XMLValidator.validate(xml)).toBe(true);
    const { testsuites } = parser.parse(xml) as {
      testsuites: { tests: string; testsuite: Record<string, string> & { testcase?: Case[] } };
    };
    const { testcase = [], ...suite } = testsuites.testsuite;
    // What the XSD of Ant asks of a suite and of a case.
    for (const name of ['tests', 'failures', 'errors', 'skipped'])
      expect(suite[name]).toMatch(/^\d+$/);
    expect(suite.name).toBe('lab 4: The edge loop and the drain rule');
    expect(suite.hostname).toBe('localhost');
    expect(suite.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
    expect(suite.time).toMatch(/^\d+\.\d{3}$/);
    expect(suite.tests).toBe(`${testcase.length}`);
    expect(suite.failures).toBe(`${testcase.filter((each) => each.failure).length}`);
    expect(suite.skipped).toBe(`${testcase.filter((each) => each.skipped).length}`);
    for (const each of testcase) {
      expect(each).toMatchObject({
        classname: 'lab4',
        time: expect.stringMatching(/^\d+\.\d{3}$/),
      });
      if (each.failure) expect(each.failure.type).not.toBe('');
    }
    expect(testsuites.tests).toBe(suite.tests);
  });

  test('what XML cannot hold is replaced', () => {
    expect(formats.junit(results.mixed)).not.toMatch(/(?![\n\t])\p{Cc}|\p{Cs}/u);
  });
});

describe('actions', () => {
  test('a command a line for each failure, escaped', () => {
    const lines = actionsOf(results.mixed).trimEnd().split('\n');
    expect(lines).toHaveLength(5);
    expect(lines[0]).toMatch(/^::error title=4\.3 a burst%2C then silence::did {7}wrote .*%0A/);
    expect(lines[1]).toMatch(/^::notice title=4\.5 .*::not checked here: /);
    expect(lines[3]).toMatch(/100 %25.*%250A/);
    expect(lines[4]).toBe('lab 4: 6 of 30 points; 1 of 5 checks passed, 1 not checked here');
  });

  test('a page with a row for each check, and the first failure', () => {
    const page = actionsSummaryOf(results.mixed);
    expect(page.match(/^\| [✅❌➖] \| .* \| \d+\/\d+ \|$/gmu)).toHaveLength(5);
    expect(page).toMatch(/a \\\| "name"/);
    expect(page).toMatch(/\n```text\ndid {7}wrote .*\n```\n$/s);
    expect(actionsSummaryOf(resultOf([results.mixed.checks[4] ?? failing]))).toMatch(
      /\n````text\n/,
    );
  });
});

describe('text', () => {
  const linesOf = (result: LabResult, options = {}) => textOf(result, options).split('\n');

  test.each(Object.entries(results))(
    '%s: eighty columns, and nothing that a terminal obeys',
    (_, result) => {
      const text = textOf(result);
      expect(text.split('\n').filter((line) => [...line].length > 80)).toEqual([]);
      expect(text).not.toMatch(/(?!\n)\p{Cc}/u);
    },
  );

  test('exactly one failure in full, the first; the rest a line each', () => {
    const lines = linesOf(results.mixed);
    expect(lines.filter((line) => /^ {2}(did|next) {2}/.test(line))).toHaveLength(2);
    expect(lines[2]).toMatch(/^✓ 4\.1 the protocol of lab 3 +6\/6$/);
    expect(lines[3]).toMatch(/^✗ 4\.3 a burst, then silence +0\/8$/);
    expect(lines.slice(3).join('\n')).toMatch(/✗ 4\.6 [^\n]+\n✗ 4\.7 [^\n]+\n\n6 of 30 points/);
    expect(lines.at(-2)).toBe('next: npx edgewise lab explain 4.3');
  });

  test('a passing result has no failure, and what was not checked has its reason', () => {
    expect(textOf(results['all passed'])).toBe(
      [
        'Lab 4  The edge loop and the drain rule',
        '',
        '✓ 4.1 the protocol of lab 3                                                  6/6',
        '– 4.5 data and the end in one segment',
        '  not checked here: this system has no /proc that shows other processes',
        '',
        '6 of 6 points; 1 of 2 checks passed, 1 not checked here',
        '',
      ].join('\n'),
    );
  });

  test('a blank line before the sum, and only one, also behind a failure in full', () => {
    expect(textOf(resultOf([passing, failing]))).not.toMatch(/\n\n\n/);
  });

  test('of some checks alone, it says so; of a whole lab that is done, the next one', () => {
    const whole = resultOf([passing]);
    const text = textOf({ ...whole, isPartial: true }, { nextLab: 5 });
    expect(text).toMatch(/\n6 of 6 points of the checks that were made; 1 of 1 check passed\n$/);
    expect(textOf(whole, { nextLab: 5 })).toMatch(/\nnext: npx edgewise lab start 5\n$/);
    expect(textOf(resultOf([failing]), { nextLab: 5 })).toMatch(/lab explain 4\.3\n$/);
  });

  test('colours only when asked for', () => {
    expect(textOf(results.mixed, { hasColor: true })).toContain('\x1b[31m✗\x1b[0m 4.3');
    expect(textOf(results.mixed)).not.toContain('\x1b');
  });

  test.each([40, 60, 100])('%i columns; commands are whole', (columns) => {
    const wide = linesOf(results.mixed, { columns }).filter((line) => [...line].length > columns);
    expect(wide.filter((line) => !/^ *see +npx /.test(line))).toEqual([]);
  });

  test('columns that are made by blanks stay, and what follows is below the last one', () => {
    const call =
      '       0.0 ms  write on connection 127.0.0.1:32768 to 127.0.0.1:7001: 1 byte of 9';
    expect(wrap(call, 60)).toEqual([
      '       0.0 ms  write on connection 127.0.0.1:32768 to',
      '               127.0.0.1:7001: 1 byte of 9',
    ]);
    expect(wrap('a  b', 60)).toEqual(['a  b']);
    expect(wrap('one two three', 8)).toEqual(['one two', 'three']);
    expect(wrap(`one ${'x'.repeat(10)}`, 8)).toEqual(['one', 'xxxxxxxx', 'xx']);
    expect(wrap(`  npx edgewise view ${'x'.repeat(99)}`, 20)).toHaveLength(1);
  });
});

describe('several gradings', () => {
  test('a check passes when it has passed each time', () => {
    const good = resultOf([passing, { ...failing, status: 'passed', score: 8, failure }]);
    const bad = resultOf([passing, failing]);
    const { failure: _, ...fine } = good.checks[1] ?? failing;
    const all = together([{ ...good, checks: [passing, fine] }, bad, bad]);
    expect(all).toMatchObject({ score: 6, maxScore: 14 });
    expect(all.checks[1]?.failure?.got).toBe(`in 2 of 3 runs, first with --seed 8: ${failure.got}`);
    expect(all.checks[0]).toMatchObject({ status: 'passed', ms: 3600 });
  });
});
