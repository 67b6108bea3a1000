const classes = new Set<new () => object>();

/** Marks a class that describes query parameters: its schema joins the document, where {@link SchemaPipe} finds it. */
export function QuerySchema(): ClassDecorator {
  return (target) => {
    classes.add(target as unknown as new () => object);
  };
}

export const querySchemas = (): (new () => object)[] => [...classes];
