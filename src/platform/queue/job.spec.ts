import { declaredJobs, defineJob, jobId } from './job.js';

describe('a kind of job', () => {
  it('is declared once, under a name that is stable for ever', () => {
    defineJob('pay-spec-lines');
    expect(declaredJobs()).toContain('pay-spec-lines');
    expect(() => defineJob('pay-spec-lines')).toThrow('job pay-spec-lines is declared twice');
  });

  it.each(['Pay', 'pay_lines', 'pay:lines', '1-pay', 'pay-', '-pay', 'pay--lines', ''])(
    'is not called %p: names are kebab-case, and a queue name takes no colon',
    (name) => {
      expect(() => defineJob(name)).toThrow('is not kebab-case');
      expect(declaredJobs()).not.toContain(name);
    },
  );
});

describe('the id of a job', () => {
  const ROW = '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6e';

  it('is the same for the same row and generation, and another for any other', () => {
    expect(jobId('pay', ROW, 1)).toBe(jobId('pay', ROW, 1));
    expect(new Set([jobId('pay', ROW, 1), jobId('pay', ROW, 2), jobId('ask', ROW, 1)]).size).toBe(3);
  });

  it('is one BullMQ takes: no colon, not a number', () => {
    expect(jobId('pay', ROW, 12)).toBe(`pay-${ROW}-g12`);
    expect(jobId('pay', ROW, 12)).not.toMatch(/:|^\d+$/);
  });
});
