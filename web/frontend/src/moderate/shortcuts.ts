/** Every key of the page, under `?`. */

import { html, type TemplateResult } from 'lit';
import { customElement, query } from 'lit/decorators.js';
import { PageElement } from '../parts/element';
import { texts } from '../texts';
import { moderation } from './texts';

const words = moderation.keys;
const GROUPS: [string, [string[], string][]][] = [
  [
    words.queue,
    [
      [['J', 'K'], `${words.next}, ${words.previous}`],
      [['A'], words.allow],
      [['R'], words.reject],
      [['T'], words.timeout],
      [['B'], words.ban],
      [['O'], words.open],
    ],
  ],
  [
    words.person,
    [
      [['T'], words.timeoutPerson],
      [['B'], words.banPerson],
      [['W'], words.warnPerson],
      [['N'], words.notePerson],
      [['Esc'], words.close],
    ],
  ],
  [
    words.chat,
    [
      [['↑', '↓'], words.rows],
      [['Enter'], words.inspect],
      [['Del'], words.remove],
    ],
  ],
  [
    words.anywhere,
    [
      [['Z'], words.undo],
      [['/'], words.search],
      [['1', '–', '6'], words.tabs],
      [['Shift', 'S'], words.shield],
      [['?'], words.help],
    ],
  ],
];

@customElement('fl-moderate-keys')
export class Shortcuts extends PageElement {
  @query('dialog') private dialog!: HTMLDialogElement;

  show(): void {
    if (!this.dialog.open) this.dialog.showModal();
  }

  protected override render(): TemplateResult {
    return html`<dialog class="shortcuts" aria-labelledby="keys-title">
      <h2 id="keys-title">${words.title}</h2>
      ${GROUPS.map(
        ([title, keys]) => html`<h3>${title}</h3>
          <dl class="keys">${keys.map(([names, what]) => html`<dt>${names.map((name) => (name === '–' ? ' – ' : html`<kbd>${name}</kbd> `))}</dt><dd>${what}</dd>`)}</dl>`,
      )}
      <div class="buttons end"><button class="button" type="button" @click=${() => this.dialog.close()}>${texts.close}</button></div>
    </dialog>`;
  }
}
