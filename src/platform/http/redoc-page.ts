/** The page's own script and style are files: the content security policy allows no inline scripts. */
export const REDOC_PAGE = `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <link rel="icon" href="data:,">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Tranche API</title>
    <link rel="stylesheet" href="/redoc/redoc.css">
  </head>
  <body>
    <div id="redoc"></div>
    <script src="/redoc/redoc.standalone.js"></script>
    <script src="/redoc/redoc.js"></script>
  </body>
</html>
`;

export const REDOC_STYLE = 'body { margin: 0; font-family: system-ui, sans-serif; }\n';

export const REDOC_SCRIPT = `Redoc.init(
  '/openapi.json',
  {
    hideDownloadButton: false,
    theme: { typography: { fontFamily: 'system-ui, sans-serif', headings: { fontFamily: 'system-ui, sans-serif' } } },
  },
  document.getElementById('redoc'),
);
`;
