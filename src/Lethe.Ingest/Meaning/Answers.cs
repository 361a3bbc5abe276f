using Lethe.Capture;
using Lethe.Capture.Harnesses;
using Lethe.Capture.Turns;

namespace Lethe.Ingest.Meaning;

/// <summary>An answer that its vendor keeps under an id, be it one of a batch's results.</summary>
internal sealed class AnswerState
{
    /// <summary>The session of the call that it answered; null while that call is not known.</summary>
    public Guid? Session { get; set; }

    /// <summary>True when the call that it answered had its end already.</summary>
    public bool IsSettled { get; set; }

    /// <summary>The first exchange, by capture, that asked for it and heard its end.</summary>
    public CaptureClock? FirstHeard { get; set; }

    public bool Changed { get; set; }

    public bool IsMade => Session is not null;
}

/// <summary>
/// The answers that the Responses API keeps (https://platform.openai.com/docs/guides/conversation-state), and the Interactions API: a call that continues one belongs to
/// its session, though it repeats nothing of it, whichever comes first; and one that is asked for again is counted once.
/// </summary>
internal static class Answers
{
    /// <summary>The kept answer that a call continues or asks for; null when it names none.</summary>
    public static string? Named(Turn? turn) =>
        (turn is { AsksForResponse: true } ? turn.ResponseId : turn?.PreviousResponseId) is { Length: > 0 } id ? id : null;

    /// <summary>The answer that a call makes; null when it makes none that is kept.</summary>
    public static string? Made(Turn? turn) =>
        turn is { MakesResponse: true, ResponseId: { Length: > 0 } id } ? id : null;

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

        if (Named(told.Turn) is { } named)
        {
            return set.Answers.GetValueOrDefault((org, named))?.Session is { } session
                ? set.Session(session).Key
                : SessionKey.Continuing(org, told.Envelope.HarnessId, named);
        }

        return string.IsNullOrEmpty(told.Envelope.HarnessSessionId) && Made(told.Turn) is { } made
            ? SessionKey.Continuing(org, told.Envelope.HarnessId, made)
            : null;
    }

    /// <summary>The exchange in the light of the answer that it names.</summary>
    public static InterpretedExchange Told(InterpretedExchange told, bool isRepeat)
    {
        if (told.Turn is { AsksForResponse: true } asked)
        {
            told = isRepeat ? told with { Turn = asked with { Usage = null }, Cost = null } : told with { Turn = asked with { Operation = Operation.Chat } };
        }

        return Named(told.Turn) is null || told.Envelope.IdOrigin != SessionIdOrigin.Synthetic ? told : told with { Envelope = Continuing(told) };
    }

    /// <summary>
    /// True when an exchange only asks for what another one counts: the call that made the answer when it heard its end, else the first that did.
    /// Notes that it has asked.
    /// </summary>
    public static bool Hear(WorkingSet set, InterpretedExchange told, CaptureClock clock)
    {
        if (told.Turn is not { AsksForResponse: true } turn)
        {
            return false;
        }

        if (Named(turn) is not { } id || !turn.IsSettled)
        {
            return true;
        }

        var answer = Answer(set, told.Exchange.OrgId, id);
        if (answer.FirstHeard is { } first && first <= clock)
        {
            return true;
        }

        answer.Changed = true;
        var counts = answer is { IsMade: true, IsSettled: false };
        if (counts && answer.FirstHeard is { } before)
        {
            Repeat(set, set.Attempts[before], isRepeat: true);
        }

        answer.FirstHeard = clock;
        return !counts;
    }

    /// <summary>Remembers the answer to a call; what waited for it comes to its session.</summary>
    public static void Keep(WorkingSet set, InterpretedExchange told, SessionState own)
    {
        if (Made(told.Turn) is not { } id)
        {
            return;
        }

        var org = told.Exchange.OrgId;
        var answer = Answer(set, org, id);
        var wasCounted = answer is { IsMade: true, IsSettled: false };
        answer.Session ??= own.Id;
        answer.IsSettled |= told.Turn!.IsSettled;
        answer.Changed = true;
        var isCounted = !answer.IsSettled;
        if (wasCounted != isCounted && answer.FirstHeard is { } heard)
        {
            Repeat(set, set.Attempts[heard], isRepeat: !isCounted);
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
