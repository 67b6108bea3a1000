import { generateKeyPairSync, sign } from 'node:crypto';

export interface Certificate {
  /** PEM, as node:tls takes them. */
  readonly key: string;
  readonly cert: string;
}

const DAY_MS = 86_400_000;

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const OCTET_STRING = 0x04;
const ECDSA_WITH_SHA256 = '06082a8648ce3d040302';
const COMMON_NAME = '0603550403';
const SUBJECT_ALTERNATIVE_NAME = '0603551d11';

/**
 * A certificate that nobody signed but its own key (X.509 v3, P-256), for one DNS name. Written out in DER, so that no test needs an
 * `openssl` on the machine.
 */
export function selfSigned(name: string, daysLeft = 1): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = der(SEQUENCE, hex(ECDSA_WITH_SHA256));
  const subject = der(SEQUENCE, der(0x31, der(SEQUENCE, hex(COMMON_NAME), der(0x0c, Buffer.from(name)))));
  const ends = Date.now() + daysLeft * DAY_MS;
  const validity = der(SEQUENCE, utcTime(ends - 30 * DAY_MS), utcTime(ends));
  const names = der(OCTET_STRING, der(SEQUENCE, der(0x82, Buffer.from(name))));
  const extensions = der(0xa3, der(SEQUENCE, der(SEQUENCE, hex(SUBJECT_ALTERNATIVE_NAME), names)));
  const version = der(0xa0, der(INTEGER, hex('02')));
  const serial = der(INTEGER, hex('01'));
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const content = der(SEQUENCE, version, serial, algorithm, subject, validity, subject, spki, extensions);
  const signature = der(0x03, hex('00'), sign('sha256', content, privateKey));
  const cert = der(SEQUENCE, content, algorithm, signature).toString('base64');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${cert.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
  };
}

function der(tag: number, ...parts: Buffer[]): Buffer {
  const { length } = Buffer.concat(parts);
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), ...parts]);
}

/** YYMMDDhhmmssZ */
const utcTime = (ms: number): Buffer =>
  der(0x17, Buffer.from(`${new Date(ms).toISOString().replace(/\D/g, '').slice(2, 14)}Z`));

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
