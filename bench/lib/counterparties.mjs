import { from as copyFrom } from 'pg-copy-streams';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const ROWS_PER_BLOCK = 5_000;

/** @param {string} file below dist, which is built by the time a measure runs @returns {Promise<any>} */
const load = (file) => import(new URL(`../../dist/${file}`, import.meta.url).href);

/**
 * What seals and opens IBANs in the product.
 *
 * @param {string} encryptionKeys as the processes have them
 */
export async function openCounterparties(encryptionKeys) {
  const { parseEncryptionKeys } = await load('config/encryption-keys.js');
  const { BlindIndex, FieldCipher, KeyRing } = await load('platform/encryption/index.js');
  const { Counterparties } = await load('modules/transfers/application/counterparties.js');
  const ring = new KeyRing(parseEncryptionKeys(encryptionKeys));
  return new Counterparties(new FieldCipher(ring), new BlindIndex(ring));
}

/**
 * Fills `past_iban` with the IBANs of `past_line`, sealed as the product would have.
 *
 * @param {import('pg').Client} client
 * @param {string} organizationId
 * @param {Awaited<ReturnType<typeof openCounterparties>>} counterparties
 */
export async function sealPastLines(client, organizationId, counterparties) {
  const { copyRow } = await load('platform/database/copy-format.js');
  const { rows } = await client.query(
    `SELECT id, 'DE89370400' || lpad(line::text, 12, '0') AS "counterpartyIban" FROM past_line`,
  );
  function* blocks() {
    for (let from = 0; from < rows.length; from += ROWS_PER_BLOCK) {
      const lines = rows.slice(from, from + ROWS_PER_BLOCK).map(({ id, counterpartyIban }) => ({
        id,
        counterpartyIban,
        counterpartyIndex: counterparties.indexOf(organizationId, counterpartyIban),
      }));
      const ibans = counterparties.seal(organizationId, lines);
      yield lines.map(({ id }, place) => copyRow([id, ibans[place].sealed, ibans[place].index])).join('');
    }
  }
  await pipeline(Readable.from(blocks()), client.query(copyFrom('COPY past_iban (id, sealed, index) FROM STDIN')));
}
