# One image for the API, the worker and the migrations; docker-compose.yml says which of them a container is, and how
# its health is asked for.
FROM node:20-bookworm-slim AS base
WORKDIR /app

# Install scripts stay off: what they would fetch or build here serves only the local servers and the tests.
FROM base AS build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY nest-cli.json tsconfig.json tsconfig.migrations.json ./
COPY src ./src
COPY migrations ./migrations
RUN npm run build

FROM base AS dependencies
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force

FROM base AS runtime
ENV NODE_ENV=production
# Everything belongs to root and the process runs as "node": it cannot change its own code.
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json ./
COPY scripts ./scripts
USER node
EXPOSE 3000
CMD ["node", "--enable-source-maps", "--max-semi-space-size=32", "--heap-growing-percent=30", "dist/main.api.js"]
