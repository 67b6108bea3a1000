/**
 * An answer that can be stored and given again, byte for byte. Controllers return it; an interceptor of platform/http turns
 * it into status, headers and body.
 */
export class Reply {
  private constructor(
    readonly status: number,
    /** The JSON text of the body. Text, because a replay repeats bytes, not values. */
    readonly json: string,
    readonly location: string | null,
    readonly replayed: boolean,
  ) {}

  static of(status: number, body: object, location: string | null = null): Reply {
    return new Reply(status, JSON.stringify(body), location, false);
  }

  static stored(status: number, json: string, location: string | null): Reply {
    return new Reply(status, json, location, true);
  }
}
