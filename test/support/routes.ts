import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { FastifyInstance, RouteOptions } from 'fastify';

export interface Route {
  method: string;
  url: string;
}

/** What answers without a key, besides the documentation. A new one is a decision, and is taken here. */
export const PUBLIC_ROUTES = ['/health', '/health/live', '/health/ready', '/metrics', '/openapi.json'];

/** Asks for the signature of its body instead of a key: no key opens it. */
export const SIGNED_ROUTES = ['/api/v1/rails/http/events'];

export const isDocumentation = ({ url }: Route): boolean => /^\/(docs|redoc)(\/|$)/.test(url);

export const isPublic = (route: Route): boolean => isDocumentation(route) || PUBLIC_ROUTES.includes(route.url);

export const nameOf = ({ method, url }: Route): string => `${method} ${url}`;

/** Every route of every Fastify instance made while `start` runs, the documentation's and the boards' included: none can be forgotten. */
export async function collectRoutes<T>(start: () => Promise<T>): Promise<{ started: T; routes: Route[] }> {
  const routes: Route[] = [];
  const watch = (message: unknown): void => {
    const { fastify } = message as { fastify: FastifyInstance };
    fastify.addHook('onRoute', ({ method, url }: RouteOptions) => {
      for (const one of [method].flat()) routes.push({ method: one, url });
    });
  };
  subscribe('fastify.initialization', watch);
  try {
    return { started: await start(), routes };
  } finally {
    unsubscribe('fastify.initialization', watch);
  }
}
