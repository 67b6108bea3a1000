const OPTIONAL_BODY = 'tranche:optional-body';

/** For a class of bodies: a request may leave its body out, which says as much as an empty object. */
export const OptionalBody = (): ClassDecorator => (target) => Reflect.defineMetadata(OPTIONAL_BODY, true, target);

export const isOptionalBody = (metatype: object): boolean => Reflect.getMetadata(OPTIONAL_BODY, metatype) === true;
