/**
 * One member of a group: how what is published reaches it, whatever carries it. It gets messages as they come, or is behind and has a
 * backlog, which it is sent as it takes what was sent before.
 * Invariant: in a group with history it is sent each message at most once and in order, and told of a gap before a hole.
 */

import { UsageError } from '../errors.js';
import type { Outgoing } from '../http/contract.js';
import { isThenable } from '../thenable.js';
import { type Backlog, CatchUp, Newest } from './backlog.js';
import { Batch } from './batch.js';
import type { AsyncChannel, Membership, Resumption } from './channel.js';
import { checkKeptEvent } from './content.js';
import type { SendOptions } from './contract.js';
import type { History } from './history.js';
import { formatMessageId } from './message-id.js';
import { type AnswerFields, answerInJson, answerWithMessage, answerWithOwn } from './poll-answer.js';
import { Notice, type Published } from './published.js';
import type { SharedMessage } from './shared-message.js';
import type { MessageFor } from './store-contract.js';
import type { OnSlow } from './store-options.js';
import type { Tally } from './tally.js';

/** What a member needs of its group. */
export interface Home<Attachment> {
  readonly history: History | undefined;
  readonly onSlow: OnSlow | undefined;
  readonly tally: Tally;
  /** Gets what lies behind the member's position into the history, as far as it is to be had, and tells it `loaded`; unless it leaves before. */
  load(member: Member<Attachment>): void;
  /** Its channel has closed. */
  memberClosed(member: Member<Attachment>): void;
}

/** How a channel becomes a member. */
export interface Joining {
  /** Behind which id it goes on; `undefined` where it does not ask. */
  readonly since: string | undefined;
  /** What the answer to a poll that goes on has for its head. */
  readonly fields: AnswerFields;
}

export class Member<Attachment> implements Membership, Resumption {
  readonly channel: AsyncChannel<unknown>;
  attachment: Attachment | undefined;
  /** Its number in the group: later ones are larger. */
  readonly number: number;
  readonly isAsked: boolean;
  readonly #home: Home<Attachment>;
  readonly #joining: Joining;
  readonly #onSlow: OnSlow;
  /** Whether its client is told ids. */
  #hasIds = false;
  #backlog: Backlog | undefined;
  /** Whether somebody will go on with the backlog. */
  #isWaiting = false;
  /** The sequence of the last message that was its turn. */
  #sequence = 0;

  constructor(home: Home<Attachment>, channel: AsyncChannel<unknown>, number: number, joining: Joining, attachment: Attachment | undefined) {
    this.channel = channel;
    this.attachment = attachment;
    this.number = number;
    this.isAsked = joining.since !== undefined;
    this.#home = home;
    this.#joining = joining;
    this.#onSlow = home.onSlow ?? channel.limits.onOverflow;
  }

  /**
   * From here on it is a member. A channel whose kind shows only later in this turn of the event loop is waited for, and so is another
   * group that may be the one in which an event stream goes on.
   */
  enter(): void {
    this.channel.join(this);
    this.#takeIds();
    if (this.#home.history === undefined) return;
    this.#backlog = this.#behind(this.#joining.since ?? '');
    if (!this.channel.isPending && !this.#mayLoseIds) return this.#begin();
    this.#isWaiting = true;
    queueMicrotask(() => this.#begin());
  }

  /** It is a member no longer, but its channel is open. */
  leave(): void {
    this.channel.leave(this);
    this.#backlog = undefined;
    if (this.channel.resumption === this) this.channel.resumption = undefined;
  }

  channelClosed(): void {
    this.#backlog = undefined;
    this.#home.memberClosed(this);
  }

  get position(): string {
    const epoch = this.#home.history?.epoch;
    if (this.#backlog instanceof CatchUp) return this.#backlog.position;
    return epoch === undefined ? (this.#joining.since ?? '') : formatMessageId(epoch, this.#sequence);
  }

  giveUp(): void {
    this.#hasIds = false;
  }

  /** Sends what was published; true if it was sent, or will be. The way of every message to every member, and so short. */
  deliver(published: Published): boolean {
    try {
      if (this.#backlog !== undefined) return this.#addToBacklog(published);
      if (published.sequence !== 0) {
        if (published.sequence <= this.#sequence) return true;
        this.#sequence = published.sequence;
      }
      if (this.channel.isPending) return answerWithMessage(this.channel, published, this.#joining.fields);
      if (this.#onSlow !== 'close' && this.#isSlow()) return this.#fallBehind(published);
      return this.#send(published);
    } catch (error) {
      this.channel.report(error);
      return false;
    }
  }

  /** Passes over a message that leaves it out. Its client is told, or it would be sent the message when it comes back. */
  skip(published: Published): void {
    try {
      if (published.sequence === 0) return;
      if (this.#backlog !== undefined) return void this.#addToBacklog(published);
      if (published.sequence <= this.#sequence) return;
      this.#sequence = published.sequence;
      if (!this.#speaksOfIds) return;
      if (this.#onSlow !== 'close' && this.#isSlow()) this.#fallBehind(published);
      else this.#tell(new Notice(published.id!, false));
    } catch (error) {
      this.channel.report(error);
    }
  }

  /** Sends what a function has for this member alone, which is in no history. */
  sendOwn(messageFor: MessageFor<Attachment>, options: SendOptions): boolean {
    try {
      const message = messageFor(this.channel, this.attachment);
      if (message === undefined) return false;
      this.#checkOwn(message);
      if (this.channel.isPending) return answerWithOwn(this.channel, message, options, this.#joining.fields);
      if (this.#onSlow === 'close' || !this.channel.isOverfull) return this.channel.send(message, false, options);
      this.#home.tally.count('dropped');
    } catch (error) {
      this.channel.report(error);
    }
    return false;
  }

  #checkOwn(message: Outgoing): void {
    if (isThenable(message)) {
      Promise.resolve(message).catch((error: unknown) => this.channel.report(error));
      throw new UsageError('a function that gives each member its message gives it at once, and no promise: wait for what it needs before you broadcast');
    }
    if (this.#home.history !== undefined) checkKeptEvent(message);
  }

  /** The history was at another place, in this epoch: what came behind its own place is fetched, or was lost. */
  goBackTo(epoch: string): void {
    if (this.#backlog === undefined) this.#catchUp(formatMessageId(epoch, this.#sequence));
    else if (this.#backlog instanceof Newest) this.#backlog.end();
    if (!this.#isWaiting) this.#goOn();
  }

  /** The ids of one group alone: a client could not tell those of two apart. The group that was asked for goes before others. */
  #takeIds(): void {
    const { resumption } = this.channel;
    if (!this.isAsked && (this.#home.history === undefined || resumption !== undefined)) return;
    resumption?.giveUp();
    this.channel.resumption = this;
    this.#hasIds = true;
  }

  /** Whether its client may turn out to have the ids of another group. */
  get #mayLoseIds(): boolean {
    return this.#hasIds && !this.isAsked && this.channel.isEventStream;
  }

  /** What a browser says when it reconnects is newer than the address that it was given once. */
  #begin(): void {
    const isResumed = this.#hasIds && this.channel.isEventStream;
    if (this.#backlog instanceof CatchUp) this.#backlog.begin(isResumed ? this.channel.lastEventId : '');
    this.#goOn();
  }

  #catchUp(since: string): void {
    const backlog = (this.#backlog = this.#behind(since));
    backlog.begin();
  }

  #behind(since: string): CatchUp {
    return new CatchUp(since, this.#home.history!, this.#home.tally, this.number, this.channel.limits.maxBufferedBytes);
  }

  #addToBacklog(published: Published): boolean {
    this.#sequence = published.sequence;
    this.#backlog!.add(published);
    if (!this.#isWaiting) this.#goOn();
    return true;
  }

  /** Sends out of the backlog what the channel takes without falling further behind. */
  #goOn(): void {
    this.#isWaiting = false;
    if (this.channel.isPending) return this.#tryAnswer();
    while (this.#backlog !== undefined) {
      if (this.channel.isCongested) return this.#waitForDrain();
      const next = this.#backlog.next();
      if (next === undefined) this.#isUpToDate();
      else if (next === 'wait') return;
      else if (next === 'load') return this.#load();
      else this.#sendNext(next);
    }
  }

  #tryAnswer(): void {
    try {
      this.#answerFromBacklog();
    } catch (error) {
      this.channel.report(error);
    }
  }

  #waitForDrain(): void {
    this.#isWaiting = true;
    this.channel.whenDrained(() => this.#goOn());
  }

  #load(): void {
    this.#isWaiting = true;
    this.#home.load(this);
  }

  /** What was asked for is in the history, as far as it is to be had. */
  loaded(): void {
    this.#goOn();
  }

  /** Behind the newest messages there may be some that came while the bus was away, or that are still on their way to this member. */
  #isUpToDate(): void {
    const { history } = this.#home;
    if (this.#backlog instanceof Newest && this.#backlog.position !== history?.position) return this.#catchUp(this.#backlog.position!);
    this.#backlog = undefined;
    this.#sequence = history?.last ?? 0;
  }

  #sendNext(next: Published | Notice): void {
    try {
      if (next instanceof Notice) this.#tell(next);
      else this.#send(next);
    } catch (error) {
      this.channel.report(error);
    }
  }

  #send(published: Published): boolean {
    if (this.channel.sendShared(this.#formOf(published), published.asIs)) return true;
    this.#wasRefused();
    return false;
  }

  /** Ids of a history are for those who have them from here; those of the application for all but who have another group's. */
  #formOf(published: Published): SharedMessage {
    const { isEnveloped, isEventStream } = this.channel;
    if (!isEnveloped && !isEventStream) return published.bare;
    const tellsId = this.#hasIds || (published.id === undefined && this.channel.resumption === undefined);
    const known = tellsId ? published : published.anonymous;
    return isEnveloped ? known.enveloped : known.bare;
  }

  /** What only those hear that are told ids. */
  #tell(notice: Notice): void {
    if (!this.#speaksOfIds) return;
    if (!this.channel.sendShared(this.channel.isEnveloped ? notice.enveloped : notice.bare, true)) this.#wasRefused();
  }

  get #speaksOfIds(): boolean {
    return this.#hasIds && (this.channel.isEnveloped || this.channel.isEventStream);
  }

  #isSlow(): boolean {
    return this.#onSlow === 'latest' ? this.channel.isCongested : this.channel.isOverfull;
  }

  #fallBehind(published: Published): boolean {
    const { history, tally } = this.#home;
    if (this.#onSlow === 'latest') this.#backlog = new Newest(this.channel.limits.maxBufferedBytes, tally, this.number);
    else if (history !== undefined && this.#speaksOfIds) this.#catchUp(formatMessageId(history.epoch!, published.sequence - 1));
    else {
      tally.count('dropped');
      return false;
    }
    this.#backlog!.add(published);
    this.#waitForDrain();
    return true;
  }

  /** More waits than may. A server that would only drop has left the channel open. */
  #wasRefused(): void {
    const isDropped = this.channel.isOpen && this.#onSlow !== 'close';
    this.#home.tally.count(isDropped ? 'dropped' : 'closed');
    if (!isDropped) this.channel.tooSlow();
  }

  /** Answers a poll with what there is; where there is nothing, it waits. One that goes on from an id keeps its place until then. */
  #answerFromBacklog(): void {
    const { channel } = this;
    if (channel.isOverfull) return this.#waitForDrain();
    const hasPlace = this.#hasIds && this.isAsked;
    const { fields } = this.#joining;
    const batch = new Batch(channel.limits.softBufferBytes);
    while (this.#backlog !== undefined && !batch.isFull) {
      const next = this.#backlog.next();
      if (next === 'load' && batch.isEmpty) return this.#load();
      if (next === undefined && !hasPlace) this.#isUpToDate();
      if (typeof next !== 'object') break;
      if (hasPlace) batch.add(next);
      else if (!(next instanceof Notice)) return void answerWithMessage(channel, next, fields);
    }
    if (!batch.isEmpty) answerInJson(channel, batch.encode(), fields);
  }
}
