// npm run bank: a bank behind the rail "http", to try things out on and to test against.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { Bank } from './bank/bank.mjs';
import { HELP, readOptions } from './bank/options.mjs';
import { BankServer } from './bank/server.mjs';
import { DATA_DIR, makeDataDir } from './demo-state.mjs';
import { oneLine } from './script-error.mjs';

/** @param {unknown} error */
function fail(error) {
  console.error(process.env.DEBUG ? error : oneLine(error));
  process.exit(1);
}

async function main() {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options.isHelpWanted) return console.log(HELP);
  const folder = path.dirname(options.journal);
  if (folder === DATA_DIR) makeDataDir();
  else mkdirSync(folder, { recursive: true });

  const bank = await Bank.open({ ...options, onFailure: fail });
  const server = new BankServer(bank, { token: options.token });
  const port = await server.listen(options.port, options.host);
  bank.resume(); // not before the port is ours: a second bank on the same file stops there
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  const { journal } = options;
  const found = { payments: bank.payments.size, torn_bytes: bank.tornBytes };
  console.log(JSON.stringify({ event: 'bank_ready', url: `http://${host}:${port}`, journal, ...found }));

  let isEnding = false;
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
    process.on(signal, () => {
      if (isEnding) process.exit(1);
      isEnding = true;
      server
        .close()
        .then(() => bank.close())
        .then(() => process.exit(0), fail);
    });
  }
}

main().catch(fail);
