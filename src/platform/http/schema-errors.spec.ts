import { fieldErrorOf, pointerToken } from './schema-errors.js';

describe('the token of a pointer', () => {
  it.each([
    ['surprise', 'surprise'],
    ['a/b~c', 'a~1b~0c'],
    ['x'.repeat(101), `${'x'.repeat(100)}…`],
  ])('is the name of the field: %s', (name, token) => {
    expect(pointerToken(name)).toBe(token);
  });

  it.each(['DE89370400440532013000', 'pay_de89370400440532013000', 'DE89 3704 0044 0532 0130 00', 'John Doe', 'Zoë'])(
    'does not say who is paid: %s',
    (name) => {
      expect(pointerToken(name)).toBe('…');
    },
  );
});

it("neither does a pointer into a map whose labels are the caller's words", () => {
  const error = { keyword: 'type', schemaPath: '', params: { type: 'string' } };
  const pointerOf = (instancePath: string) => fieldErrorOf({ ...error, instancePath }, '/bulk')?.pointer;
  expect(pointerOf('/metadata/DE89370400440532013000')).toBe('/bulk/metadata/…');
  expect(pointerOf('/metadata/John Doe')).toBe('/bulk/metadata/…');
  expect(pointerOf('/metadata/a~1b')).toBe('/bulk/metadata/a~1b');
  expect(pointerOf('')).toBe('/bulk');
});
