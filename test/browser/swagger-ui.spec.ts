import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { type DemoProcesses, startDemoApi } from '../support/demo-processes.js';
import { eventually } from '../support/eventually.js';
import { startWorker } from '../support/processes.js';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];
const SCREENSHOT = path.resolve(__dirname, '../../docs/swagger-ui.png');

function findChromium(): string | undefined {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => path.join(folder, name))).find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const executablePath = findChromium();
if (executablePath === undefined) {
  console.warn(
    `\n!!! NO BROWSER: none of ${NAMES.join(', ')} is on the PATH, so Swagger UI and ReDoc are NOT tested.\n`,
  );
}
// eslint-disable-next-line no-restricted-syntax -- a browser is nothing npm can install; .ci/run does, where it may
const describeInBrowser = executablePath === undefined ? describe.skip : describe;

describeInBrowser('in a browser', () => {
  let folder: string;
  let demo: DemoProcesses;
  let browser: Browser;
  let page: Page;
  /** What the browser complained about (violations of the content security policy too), and what it asked others for. */
  let complaints: string[];

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'tranche-browser-'));
    const keyFile = path.join(folder, 'demo.json');
    demo = await startDemoApi({ DEMO_KEY_FILE: keyFile });
    writeFileSync(keyFile, JSON.stringify({ demo_api_key: demo.demoKey }));
    [browser] = await Promise.all([
      chromium.launch({ executablePath: executablePath ?? '', args: FLAGS }),
      startWorker(demo.servers),
    ]);
  });
  afterAll(async () => {
    await browser.close();
    await demo.close();
    rmSync(folder, { recursive: true });
  });

  beforeEach(async () => {
    complaints = [];
    page = await browser.newPage({ viewport: { width: 1280, height: 1100 } });
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`);
    });
    page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
    page.on('requestfailed', (request) => complaints.push(`failed: ${request.url()}`));
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol.startsWith('http') && origin !== demo.api.url) complaints.push(`asked elsewhere: ${request.url()}`);
    });
  });
  afterEach(() => page.close());

  const operation = (method: string, route: string): Locator =>
    page.locator(`.opblock-${method}`).filter({ has: page.locator(`[data-path="${route}"]`) });

  it('Swagger UI authorizes with the key it shows, sends the example as it is, and follows it to its end', async () => {
    await page.goto(`${demo.api.url}/docs`);
    const key = await page.locator('.info code', { hasText: /^trk_/ }).innerText();
    expect(key).toBe(demo.demoKey);

    await page.locator('.auth-wrapper > .authorize').click();
    const dialog = page.locator('.modal-ux');
    const bearer = dialog.locator('.auth-container').filter({ hasText: 'bearer' });
    await bearer.locator('input').fill(key);
    await bearer.getByRole('button', { name: 'Apply credentials' }).click();
    await bearer.getByRole('button', { name: 'Close' }).click();

    const submit = operation('post', '/api/v1/bulk-requests');
    await submit.locator('.opblock-summary-control').click();
    const answered = page.waitForResponse((response) => response.request().method() === 'POST');
    await submit.getByRole('button', { name: 'Execute' }).click();
    expect((await answered).status()).toBe(202);
    const shown = submit.locator('.live-responses-table .response').first();
    expect(await shown.locator('.response-col_status').innerText()).toMatch(/^202/);
    const { id } = (await (await answered).json()) as { id: string };

    const status = operation('get', '/api/v1/bulk-requests/{id}/status');
    await status.locator('.opblock-summary-control').click();
    await status.locator('input[placeholder="id"]').fill(id);
    const completed = status.locator('.live-responses-table', { hasText: '"completed"' });
    await eventually(
      async () => {
        const refreshed = page.waitForResponse((response) => response.url().endsWith(`${id}/status`));
        await status.getByRole('button', { name: 'Execute' }).click();
        await (await refreshed).finished();
        return (await completed.count()) === 1;
      },
      { what: 'the page to show that the bulk request is completed' },
    );
    if (process.env.UPDATE_SCREENSHOTS === '1') {
      await status.scrollIntoViewIfNeeded();
      await page.screenshot({ path: SCREENSHOT, style: '.curl-command { display: none }' }); // the key is in there
    }
    expect(complaints).toEqual([]);
  });

  it('ReDoc describes the same operations', async () => {
    await page.goto(`${demo.api.url}/redoc`);
    await page.getByRole('heading', { name: 'Submit a bulk request' }).first().waitFor();
    expect(complaints).toEqual([]);
  });
});
