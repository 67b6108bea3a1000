import { BOOK, HTTP, RailsService, SANDBOX } from '../../src/modules/rails/index.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';

describe('the rails of a process', () => {
  let worker: TestWorker;
  let rails: RailsService;
  const start = async (env: Record<string, string>) => {
    worker = await startTestWorker(env, { working: false });
    rails = worker.app.get(RailsService, { strict: false });
  };
  afterEach(() => worker.close());

  it('are book and sandbox where no bank is configured', async () => {
    await start({});
    expect([BOOK, SANDBOX, HTTP, 'iso20022'].map((name) => rails.has(name))).toEqual([true, true, false, false]);
    expect(rails.all().map(({ name }) => name)).toEqual([SANDBOX]);
    expect(() => rails.get(HTTP)).toThrow('no adapter for the rail http');
  });

  it('include http where one is, with what it can do', async () => {
    await start({ RAIL_HTTP_URL: 'http://127.0.0.1:1', RAIL_VISIBILITY_HORIZON_MS: '90000' });
    expect(rails.has(HTTP)).toBe(true);
    expect(rails.all().map(({ name }) => name)).toEqual([SANDBOX, HTTP]);
    expect(rails.get(HTTP)).toMatchObject({
      name: HTTP,
      traits: { deduplicates: true, visibilityHorizonMs: 90_000, reverses: false },
    });
    expect([BOOK, SANDBOX, HTTP, 'iso20022'].map((name) => rails.canReverse(name))).toEqual([true, true, false, false]);
  });
});
