import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Every setting that is a secret: each may also be given by its variable with `_FILE`, and so on through {@link secretStores}. */
export const SECRETS = [
  'DATABASE_URL',
  'REDIS_URL',
  'ADMIN_API_KEY',
  'METRICS_TOKEN',
  'RAIL_HTTP_TOKEN',
  'RAIL_HTTP_CALLBACK_SECRET',
  'DATA_ENCRYPTION_KEYS',
  'SMTP_URL',
] as const;

/** A place where secrets can be kept. Another vault is one more of these, in {@link secretStores}. */
export interface SecretStore {
  /**
   * Undefined when this is not where it is kept.
   * @throws UnusableSecret
   */
  read(name: string): string | undefined;
}

/** One line that may be shown: it names variables and files, never what a secret contains. */
export class UnusableSecret extends Error {}

/** The file that `<NAME>_FILE` names, as secrets of docker and Kubernetes are handed over. */
class NamedFileSecrets implements SecretStore {
  constructor(private readonly environment: NodeJS.ProcessEnv) {}

  read(name: string): string | undefined {
    const variable = `${name}_FILE`;
    const file = this.environment[variable];
    if (!file) return undefined;
    // Nobody could tell which of them counts.
    if (this.environment[name]) throw new UnusableSecret(`${variable}: is set, and so is ${name}`);
    return contentOf(file, variable);
  }
}

/** The variable itself. An empty one is none. */
class EnvironmentSecrets implements SecretStore {
  constructor(private readonly environment: NodeJS.ProcessEnv) {}

  read(name: string): string | undefined {
    return this.environment[name] || undefined;
  }
}

/** A file of the secret's name in one directory, such as a volume that a vault's agent fills. */
class DirectorySecrets implements SecretStore {
  constructor(private readonly dir: string) {}

  read(name: string): string | undefined {
    const file = path.join(this.dir, name);
    return existsSync(file) ? contentOf(file, 'SECRETS_DIR') : undefined;
  }
}

/** One line break at the end belongs to the file and not to the secret. */
function contentOf(file: string, variable: string): string {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UnusableSecret(`${variable}: ${file} cannot be read (${code ?? 'unknown'})`, { cause: error });
  }
  const secret = content.replace(/\r?\n$/, '');
  if (secret === '') throw new UnusableSecret(`${variable}: ${file} is empty`);
  return secret;
}

/** In the order they are asked: the first that has a secret counts. */
export function secretStores(environment: NodeJS.ProcessEnv): SecretStore[] {
  const stores: SecretStore[] = [new NamedFileSecrets(environment), new EnvironmentSecrets(environment)];
  if (environment.SECRETS_DIR) stores.push(new DirectorySecrets(environment.SECRETS_DIR));
  return stores;
}

export interface FoundSecrets {
  readonly values: Readonly<Record<string, string>>;
  /** By the name of the secret, what is wrong with it. */
  readonly problems: ReadonlyMap<string, string>;
}

export function readSecrets(stores: readonly SecretStore[], names: readonly string[] = SECRETS): FoundSecrets {
  const values: Record<string, string> = {};
  const problems = new Map<string, string>();
  for (const name of names) {
    try {
      const value = firstOf(stores, name);
      if (value !== undefined) values[name] = value;
    } catch (error) {
      if (!(error instanceof UnusableSecret)) throw error;
      problems.set(name, error.message);
    }
  }
  return { values, problems };
}

function firstOf(stores: readonly SecretStore[], name: string): string | undefined {
  for (const store of stores) {
    const value = store.read(name);
    if (value !== undefined) return value;
  }
  return undefined;
}
