import common from './common.json';
import editor from './editor.json';
import pages from './pages.json';

export default { common, pages, editor };
