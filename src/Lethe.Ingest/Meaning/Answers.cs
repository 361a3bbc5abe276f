using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Harnesses;
using Lethe.Capture.Turns;

namespace Lethe.Ingest.Meaning;

/// <summary>An answer that its vendor gave an id, be it one of a batch's results.</summary>
internal sealed class AnswerState
{
    /// <summary>The session of the call that it answered; null while that call is not known.</summary>
    public Guid? Session { get; set; }

    /// <summary>True when the call that it answered had its end already.</summary>
    public bool IsSettled { get; set; }

    /// <summary>The first exchange, by capture, that told of it without being its call: it asked for it and heard its end, or was imported.</summary>
    public CaptureClock? FirstHeard { get; set; }

    /// <summary>The first call, by capture, that it answered.</summary>
    public CaptureClock? MadeBy { get; set; }

    /// <summary>
    /// The first call, by capture, that was said upon it. Its chain is joined to that of <see cref="MadeBy"/> where it came behind that: so no chain ever
    /// leads back into itself, whatever ids a server gives.
    /// </summary>
    public CaptureClock? ContinuedBy { get; set; }

    public bool Changed { get; set; }

    public bool IsMade => Session is not null;
}

/// <summary>
/// Answers by their vendors' ids. Of those that the Responses API (https://platform.openai.com/docs/guides/conversation-state) and the Interactions API keep a call
/// that continues one belongs to its session, though it repeats nothing of it, whichever comes first; and one that is asked for again is counted once. So is one that
/// is imported: what a door has heard itself counts, whichever comes first.
/// </summary>
internal static class Answers
{
    /// <summary>True for a call that came out of somebody else's record.</summary>
    public static bool IsImport(InterpretedExchange told) => ProducedKind.Of(told.Exchange) == ProducedKind.Imported;

    /// <summary>True for an exchange that only tells of an answer: it asks for one that is kept, or was imported.</summary>
    public static bool IsRetold(InterpretedExchange told) => told.Turn is { AsksForResponse: true } || IsImport(told);

    /// <summary>The answer that an exchange continues or tells of; null when it names none.</summary>
    public static string? Named(InterpretedExchange told) => IsImport(told) ? IdOf(told.Turn) : Continued(told);

    /// <summary>The kept answer whose session is the exchange's, unless it names one itself; null when there is none.</summary>
    public static string? Continued(InterpretedExchange told) =>
        (told.Turn is { AsksForResponse: true } turn ? turn.ResponseId : told.Turn?.PreviousResponseId) is { Length: > 0 } id ? id : null;

    /// <summary>The answer that a call makes; null when it makes none that is kept.</summary>
    public static string? Made(InterpretedExchange told) => told.Turn is { MakesResponse: true } ? Given(told) : null;

    /// <summary>The answer to a call, by which it is recognised when somebody else's record tells of it too; null when it has no such id.</summary>
    public static string? Given(InterpretedExchange told) => IsRetold(told) ? null : IdOf(told.Turn);

    // Others give ids that are not theirs alone.
    private static string? IdOf(Turn? turn) =>
        turn is { ResponseId: { Length: > 0 } id } && (turn.MakesResponse || turn.Endpoint is EndpointNames.Messages or EndpointNames.Responses) ? id : null;

    /// <summary>
    /// The session of an exchange that names none itself, by the answer that it names or makes: of the call that made that answer, else the one
    /// where all wait for that call. Null when it is no matter of answers.
    /// </summary>
    public static SessionKey? SessionOf(WorkingSet set, InterpretedExchange told)
    {
        var org = told.Exchange.OrgId;
        if (told.Envelope.IdOrigin != SessionIdOrigin.Synthetic)
        {
            return null;
        }

        if (Continued(told) is { } named)
        {
            return set.Answers.GetValueOrDefault((org, named))?.Session is { } session
                ? set.Session(session).Key
                : SessionKey.Continuing(org, told.Envelope.HarnessId, named);
        }

        return string.IsNullOrEmpty(told.Envelope.HarnessSessionId) && Made(told) is { } made
            ? SessionKey.Continuing(org, told.Envelope.HarnessId, made)
            : null;
    }

    /// <summary>The exchange in the light of the answer that it names.</summary>
    public static InterpretedExchange Told(InterpretedExchange told, bool isRepeat)
    {
        if (IsImport(told))
        {
            return isRepeat && told.Turn is { } retold ? told with { Turn = retold with { Usage = null, Operation = Operation.Other }, Cost = null } : told;
        }

        if (told.Turn is { AsksForResponse: true } asked)
        {
            told = isRepeat ? told with { Turn = asked with { Usage = null }, Cost = null } : told with { Turn = asked with { Operation = Operation.Chat } };
        }

        return Continued(told) is null || told.Envelope.IdOrigin != SessionIdOrigin.Synthetic ? told : told with { Envelope = Continuing(told) };
    }

    /// <summary>
    /// True when an exchange only tells of what another one counts: the call that the answer was given to (of one that is kept, when it heard its end), else the
    /// first that told of it. Notes that it has told.
    /// </summary>
    public static bool Hear(WorkingSet set, InterpretedExchange told, CaptureClock clock)
    {
        var isImport = IsImport(told);
        if (!IsRetold(told))
        {
            return false;
        }

        if (Named(told) is not { } id || !(isImport || told.Turn!.IsSettled))
        {
            return !isImport;
        }

        var answer = Answer(set, told.Exchange.OrgId, id);
        if (answer.FirstHeard is { } first && first <= clock)
        {
            return true;
        }

        answer.Changed = true;
        var counts = isImport ? !answer.IsMade : answer is { IsMade: true, IsSettled: false };
        if (counts && answer.FirstHeard is { } before)
        {
            Repeat(set, set.Attempts[before], isRepeat: true);
        }

        answer.FirstHeard = clock;
        return !counts;
    }

    /// <summary>Remembers upon which answer a call was said, which may not be there yet.</summary>
    public static void Continue(WorkingSet set, InterpretedExchange told, CaptureClock clock)
    {
        if (told.Chain is { Nodes: [{ Continues: not null }, ..] } && Continued(told) is { } id)
        {
            var answer = Answer(set, told.Exchange.OrgId, id);
            if (!(answer.ContinuedBy <= clock))
            {
                (answer.ContinuedBy, answer.Changed) = (clock, true);
            }
        }
    }

    /// <summary>Remembers the answer to a call; what waited for it comes to its session.</summary>
    public static void Keep(WorkingSet set, InterpretedExchange told, SessionState own, CaptureClock clock)
    {
        if (Given(told) is not { } id)
        {
            return;
        }

        var org = told.Exchange.OrgId;
        var answer = Answer(set, org, id);
        var (wasMade, wasSettled) = (answer.IsMade, answer.IsSettled);
        answer.Session ??= own.Id;
        answer.IsSettled |= told.Turn!.IsSettled;
        answer.Changed |= !wasMade || wasSettled != answer.IsSettled;
        if (answer.FirstHeard is { } heard)
        {
            var attempt = set.Attempts[heard];
            var wasCounted = attempt.IsImport ? !wasMade : wasMade && !wasSettled;
            var isCounted = !attempt.IsImport && !answer.IsSettled;
            if (wasCounted != isCounted)
            {
                Repeat(set, attempt, isRepeat: !isCounted);
            }
        }

        if (Made(told) is null)
        {
            return;
        }

        if (!(answer.MadeBy <= clock))
        {
            (answer.MadeBy, answer.Changed) = (clock, true);
        }

        foreach (var waiting in set.Namesakes(org, SessionKey.ContinuingId(id)).Where(session => session.IsReal && session.Claims.Count == 0 && session != own).ToList())
        {
            SessionMerge.Apply(set, waiting, own);
        }
    }

    /// <summary>What is known of an answer, be it that nothing is.</summary>
    public static AnswerState Answer(WorkingSet set, string org, string id) =>
        set.Answers.TryGetValue((org, id), out var known) ? known : set.Answers[(org, id)] = new AnswerState();

    private static void Repeat(WorkingSet set, Attempt attempt, bool isRepeat)
    {
        set.Uncount(attempt);
        attempt.IsRepeat = isRepeat;
        attempt.IsTurn = attempt.HasReply && !isRepeat;
        set.Recount(attempt, attempt.Session);
    }

    private static SessionEnvelope Continuing(InterpretedExchange told) => told.Envelope with
    {
        Evidence = new Dictionary<string, string>(told.Envelope.Evidence)
        {
            ["harness_session_id"] = told.Turn switch
            {
                { AsksForResponse: true } => "inference:response_id",
                { Endpoint: EndpointNames.Interactions } => "body:previous_interaction_id",
                _ => "body:previous_response_id",
            },
        },
    };
}
