export { type GaugeDefinition, type MetricDefinition, Metrics } from './metrics.js';
export { MetricsModule } from './metrics.module.js';
