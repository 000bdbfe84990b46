/** `/signin`, `/signup`, `/reset` and `/verify`: one calm card. */

import '../styles/base.css';
import '../styles/people.css';
import '../parts/top';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { rest, type NewAccount, type SignInProvider } from '../lib/rest';
import { forgetSession, returnPath } from '../lib/session';
import { mark } from '../parts/mark';
import { field, FormElement, NAME_PATTERN, valuesOf } from '../people/form';
import { signInProviders } from '../people/providers';
import { texts } from '../texts';

const words = texts.people.sign;

/** A one-time token of a link: behind `#`, where no server and no log sees it, or in the query of older links. */
function tokenOf(name: string): string {
  return new URLSearchParams(window.location.hash.slice(1)).get(name) ?? new URLSearchParams(window.location.search).get(name) ?? '';
}

@customElement('fl-sign')
export class Sign extends FormElement {
  @state() private wantsCode = false;
  @state() private providers: SignInProvider[] = [];
  private readonly setup = tokenOf('setup');
  private readonly invite = tokenOf('invite');
  private readonly token = tokenOf('token');
  private readonly what = window.location.pathname.slice(1) as 'signin' | 'signup' | 'reset' | 'verify';

  override connectedCallback(): void {
    super.connectedCallback();
    document.title = { signin: words.in.page, signup: words.up.page, reset: words.reset.page, verify: words.verify.page }[this.what];
    if (this.what === 'signin') void signInProviders().then((found) => (this.providers = found));
    // A token must not stand in the address bar or the history any longer than needed.
    if (window.location.hash !== '') window.history.replaceState(null, '', window.location.pathname + window.location.search);
  }

  protected override render(): TemplateResult {
    const card = { signin: this.signIn, signup: this.signUp, reset: this.reset, verify: this.verify }[this.what];
    return html`
      <fl-top here="sign"></fl-top>
      <main id="content" class="page sign" tabindex="-1">
        <div class="arch-over" aria-hidden="true">${mark(this.busy ? 'loading' : undefined)}</div>
        <section class="panel">${card.call(this)}</section>
      </main>
    `;
  }

  private signIn(): TemplateResult {
    return html`
      <h1>${words.in.title}</h1>
      ${this.said()}
      <form @submit=${this.onSignIn}>
        ${field({ name: 'name', label: words.in.name, autocomplete: 'username', required: true, maxlength: 254 })}
        ${field({ name: 'password', label: words.in.password, type: 'password', autocomplete: 'current-password', required: true, maxlength: 1024 })}
        ${this.wantsCode ? field({ name: 'code', label: words.in.code, help: words.in.codeHelp, autocomplete: 'one-time-code', required: true, maxlength: 40 }) : nothing}
        ${this.submitButton(words.in.yes)}
      </form>
      ${this.others()}
      <p class="ways"><a href=${`/signup${window.location.search}`}>${words.in.toUp}</a><a href="/reset">${words.in.toReset}</a></p>
    `;
  }

  private others(): TemplateResult | typeof nothing {
    if (this.providers.length === 0) return nothing;
    const next = encodeURIComponent(returnPath(window.location.search, '/'));
    return html`
      <p class="or">${words.in.or}</p>
      ${this.providers.map((provider) => html`<a class="button" href=${`${provider.start}?next=${next}`}>${words.in.using(provider.label)}</a>`)}
    `;
  }

  private readonly onSignIn = async (event: SubmitEvent): Promise<void> => {
    const { name, password, code } = valuesOf(event, 'name', 'password', 'code');
    const signedIn = await this.work(async () => {
      await rest.sessions.create({ name: name.trim(), password, ...(code ? { code: code.trim() } : {}) });
    });
    if (signedIn) this.leave('/');
    else if (this.problem?.code === 'second_factor_required') {
      this.wantsCode = true;
      this.problem = null;
      await this.updateComplete;
      this.querySelector<HTMLInputElement>('[name=code]')?.focus();
    }
  };

  private signUp(): TemplateResult {
    return html`
      <h1>${words.up.title}</h1>
      ${this.setup === '' ? nothing : html`<p>${words.up.setup}</p>`} ${this.said()}
      <form @submit=${this.onSignUp}>
        ${field({ name: 'name', label: words.up.name, help: words.up.nameHelp, autocomplete: 'username', required: true, maxlength: 32, pattern: NAME_PATTERN })}
        ${field({ name: 'display_name', label: words.up.display, autocomplete: 'nickname', maxlength: 64 })}
        ${field({ name: 'password', label: words.up.password, help: words.up.passwordHelp, type: 'password', autocomplete: 'new-password', required: true, minlength: 8, maxlength: 1024 })}
        ${field({ name: 'email', label: words.up.email, help: words.up.emailHelp, type: 'email', autocomplete: 'email', maxlength: 254 })}
        ${this.submitButton(words.up.yes)}
      </form>
      <p class="ways"><a href=${`/signin${window.location.search}`}>${words.up.toIn}</a></p>
    `;
  }

  private readonly onSignUp = async (event: SubmitEvent): Promise<void> => {
    const { name, password, display_name, email } = valuesOf(event, 'name', 'password', 'display_name', 'email');
    const invite = this.setup || this.invite;
    const given: NewAccount = { name, password };
    if (display_name.trim() !== '') given.display_name = display_name;
    if (email.trim() !== '') given.email = email;
    if (invite !== '') given.invite = invite;
    if (await this.work(async () => void (await rest.accounts.create(given)))) this.leave('/dashboard');
  };

  private reset(): TemplateResult {
    if (this.token !== '') {
      return html`
        <h1>${words.reset.chooseTitle}</h1>
        ${this.said()}
        ${this.done
          ? html`<a class="button primary" href="/signin">${words.in.yes}</a>`
          : html`<form @submit=${this.onChoose}>
              ${field({ name: 'password', label: words.reset.choose, help: words.up.passwordHelp, type: 'password', autocomplete: 'new-password', required: true, minlength: 8, maxlength: 1024 })}
              ${this.submitButton(words.reset.chooseYes)}
            </form>`}
      `;
    }
    return html`
      <h1>${words.reset.title}</h1>
      ${this.said()}
      ${this.done
        ? nothing
        : html`<p>${words.reset.body}</p>
            <form @submit=${this.onAskReset}>
              ${field({ name: 'email', label: words.reset.email, type: 'email', autocomplete: 'email', required: true, maxlength: 254 })} ${this.submitButton(words.reset.yes)}
            </form>`}
      <p class="ways"><a href="/signin">${words.up.toIn}</a></p>
    `;
  }

  private readonly onAskReset = async (event: SubmitEvent): Promise<void> => {
    const { email } = valuesOf(event, 'email');
    await this.work(() => rest.accounts.forgotten({ email: email.trim() }), words.reset.sent);
  };

  private readonly onChoose = async (event: SubmitEvent): Promise<void> => {
    const { password } = valuesOf(event, 'password');
    await this.work(() => rest.accounts.reset({ token: this.token, password }), words.reset.set);
  };

  private verify(): TemplateResult {
    if (this.token === '') return html`<h1>${words.verify.title}</h1><p>${words.verify.missing}</p>`;
    return html`
      <h1>${words.verify.title}</h1>
      ${this.said()}
      ${this.done ? html`<a class="button primary" href="/account">${texts.people.nav.account}</a>` : html`<form @submit=${this.onVerify}>${this.submitButton(words.verify.yes)}</form>`}
    `;
  }

  private readonly onVerify = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    await this.work(() => rest.accounts.verify({ token: this.token }), words.verify.done);
  };

  private leave(fallback: string): void {
    forgetSession();
    window.location.assign(returnPath(window.location.search, fallback));
  }
}
