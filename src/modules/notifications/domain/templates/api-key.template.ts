import { fieldOf } from '../told-event.js';
import { compose, type Template } from './template.js';

const SAYS: Readonly<Record<string, string>> = {
  created: 'It was created. If nobody of you asked for it, tell whoever runs this installation.',
  rotated: 'It replaces another one, which works on until the end of the overlap.',
  revoked: 'It was revoked, and opens nothing any more.',
};

export const apiKeyTemplate: Template = (event) => {
  const happened = event.type.slice('api_key.'.length);
  const id = fieldOf(event, 'api_key_id') ?? event.subjectId;
  return compose(
    {
      subject: `API key ${id} ${happened.replaceAll('_', ' ')}`,
      says: SAYS[happened] ?? 'It has changed.',
      facts: [
        ['API key', id],
        ['Replaces', fieldOf(event, 'replaced_api_key_id')],
      ],
    },
    event,
  );
};
