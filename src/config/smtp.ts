import { isEmail } from '../domain/email.js';

/** Where mail is handed over. */
export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /** `implicit`: TLS from the first byte. `required`: STARTTLS before anything is said. `none`: this machine only. */
  readonly tls: 'implicit' | 'required' | 'none';
  readonly login: { readonly user: string; readonly password: string } | null;
}

/** Whom mail comes from. */
export interface Sender {
  /** Empty when there is none. */
  readonly name: string;
  readonly address: string;
}

const DEFAULT_PORTS = { 'smtps:': 465, 'smtp:': 587 } as const;
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** `smtp[s]://user:password@host:port`. Null when it is not one: a query could switch off the checks of TLS. */
export function parseSmtpUrl(text: string): SmtpServer | null {
  if (!URL.canParse(text)) return null;
  const { protocol, hostname, port, username, password, pathname, search, hash } = new URL(text);
  if (protocol !== 'smtp:' && protocol !== 'smtps:') return null;
  if (hostname === '' || !['', '/'].includes(pathname) || search !== '' || hash !== '') return null;
  if ((username === '') !== (password === '')) return null;
  const isHere = LOOPBACK.includes(hostname);
  const user = decoded(username);
  const secret = decoded(password);
  if (user === null || secret === null) return null;
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? DEFAULT_PORTS[protocol] : Number(port),
    tls: protocol === 'smtps:' ? 'implicit' : isHere ? 'none' : 'required',
    login: username === '' ? null : { user, password: secret },
  };
}

/** `address` or `Name <address>`. Null when it is neither. */
export function parseSender(text: string): Sender | null {
  const named = /^([^<>"\p{Cc}]{1,100})<([^<>]{1,300})>$/u.exec(text);
  const [name, address] = named ? [(named[1] ?? '').trim(), named[2] ?? ''] : ['', text];
  return isEmail(address) ? { name, address } : null;
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
