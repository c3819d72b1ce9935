import basis from './basis.css';
import details from './details.css';
import editor from './editor.css';
import overview from './overview.css';

/** The styles of all pages: a sheet for what they share, and one for each that has something of its own. */
export const STYLE: string = basis + details + overview + editor;
