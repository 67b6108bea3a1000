import { compose, counted, type Template } from './template.js';

/** For types that have no template of their own. */
export const genericTemplate: Template = (event, count) =>
  compose(
    {
      subject: count === 1 ? `Event ${event.type}` : `${counted(count, 'event')} ${event.type}`,
      says: 'This happened. What it says in full is in the event log.',
      facts: [
        ['About', event.subjectId],
        ['Read it', `GET /api/v1/events?after=${event.sequence - 1}&limit=1`],
      ],
    },
    event,
  );
