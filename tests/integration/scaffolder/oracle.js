// Renders texts with Nunjucks as Backstage sets it up: reads a request from standard input,
// writes one answer per text, null for an error.
const nunjucks = require(process.argv[2]);
const { context, texts, options } = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const environment = new nunjucks.Environment(null, {
  autoescape: false,
  tags: { variableStart: '${{', variableEnd: '}}' },
  ...options,
});
const answers = texts.map(text => {
  try {
    return environment.renderString(text, JSON.parse(JSON.stringify(context)));
  } catch (error) {
    return null;
  }
});
process.stdout.write(JSON.stringify(answers));
