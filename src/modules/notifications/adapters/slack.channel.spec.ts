import type { OutboundOutcome } from '../../../platform/outbound/index.js';
import { slackBody, slackOutcome } from './slack.channel.js';

const answered = (status: number, retryAfterMs: number | null = null): OutboundOutcome => ({
  ...{ kind: 'answered', status, retryAfterMs, durationMs: 1 },
});

describe('a message to Slack', () => {
  it('is text and nothing else, whatever it says', () => {
    const hostile = '<!channel> *now* <https://evil.example|your bank> & more';
    const body = JSON.parse(slackBody({ id: 'x', severity: 'critical', subject: hostile, text: '<@U1>\n</a>' })) as {
      text: string;
    };
    const escaped = '&lt;!channel&gt; *now* &lt;https://evil.example|your bank&gt; &amp; more';
    expect(body).toEqual({
      text: `[critical] ${escaped}\n\n&lt;@U1&gt;\n&lt;/a&gt;`,
      mrkdwn: false,
      unfurl_links: false,
      unfurl_media: false,
    });
  });

  it('says how bad it is only when it is', () => {
    expect(slackBody({ id: 'x', severity: 'info', subject: 'Done', text: 'All' })).toContain('"text":"Done\\n\\nAll"');
  });
});

describe('what Slack answers', () => {
  it.each<[OutboundOutcome, object]>([
    [answered(200), { kind: 'sent', failure: null }],
    [answered(204), { kind: 'sent', failure: null }],
    [answered(302), { kind: 'refused', failure: 'http_302' }],
    [answered(400), { kind: 'refused', failure: 'http_400' }],
    [answered(404), { kind: 'refused', failure: 'http_404' }],
    [answered(410), { kind: 'refused', failure: 'http_410' }],
    [answered(429, 30_000), { kind: 'retry', failure: 'http_429', retryAfterMs: 30_000 }],
    [answered(500), { kind: 'retry', failure: 'http_500', retryAfterMs: null }],
    [answered(503, 5_000), { kind: 'retry', failure: 'http_503', retryAfterMs: 5_000 }],
    [
      { kind: 'failed', failure: 'address_not_allowed', durationMs: 1 },
      { kind: 'refused', failure: 'address_not_allowed' },
    ],
    [
      { kind: 'failed', failure: 'timed_out', durationMs: 1 },
      { kind: 'retry', failure: 'timed_out', retryAfterMs: null },
    ],
  ])('%o means %o', (outcome, expected) => {
    expect(slackOutcome(outcome)).toEqual(expected);
  });
});
