using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Access;
using Lethe.Proxy.Describing;
using Lethe.Proxy.Problems;
using Lethe.Proxy.Reading;
using Lethe.Proxy.Recording;

namespace Lethe.Proxy.Admin;

/// <summary>
/// What a producer told of a session that was another's is set right, for good: a whole session goes over into another, or one exchange to the session it
/// belongs to. It is journalled like a call, and a replay sets the same right.
/// </summary>
internal static class CorrectionEndpoints
{
    private const int ReasonCharsMax = 1024;
    private const int KeyCharsMax = 1024;
    private const string RetrySeconds = "2";

    public static void MapCorrections(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost("/v1/sessions/{id}/merge", MergeAsync).Takes("into", "reason");
        endpoints.MapPost("/v1/exchanges/{id}/attribution", AttributeAsync).Takes("harness", "session", "reason");
    }

    private static async Task<IResult> MergeAsync(string id, HttpContext context, StoreReader reader, ProducedCalls calls)
    {
        if (Word(context, "into", KeyCharsMax) is not { } word || !TryReason(context, out var reason))
        {
            return BadParameter($"into: the session that it goes over into; reason: at most {ReasonCharsMax} characters.");
        }

        if (SessionEndpoints.Find(context, reader, id) is not { } from)
        {
            return SessionEndpoints.NoSession(id);
        }

        if (reader.Session(from.Session.OrgId, word) is not { } into)
        {
            return SessionEndpoints.NoSession(word);
        }

        if (SessionCorrections.Problem(from, into) is { } why)
        {
            return ProblemDocument.Of(StatusCodes.Status422UnprocessableEntity, "session_awaits_answer", "These sessions cannot be merged.", why);
        }

        return from.Session.SessionId == into.Session.SessionId || await SessionCorrections.MergeAsync(calls, from, into, reason, Caller.Of(context).Subject, context.RequestAborted)
            ? Results.Json(reader.Session(into.Session.OrgId, into.Session.SessionId)!, ApiJson.Default.SessionDetail)
            : Refused(context);
    }

    private static async Task<IResult> AttributeAsync(string id, HttpContext context, StoreReader reader, ProducedCalls calls)
    {
        if (Word(context, "harness", KeyCharsMax) is not { } harness || Word(context, "session", KeyCharsMax) is not { } session || !TryReason(context, out var reason))
        {
            return BadParameter($"harness, session: the key of the session that it belongs to; reason: at most {ReasonCharsMax} characters.");
        }

        if (NamedOrgs.Find(context, reader, org => reader.Exchange(org, id)) is not { } exchange)
        {
            return ProblemDocument.Of(StatusCodes.Status404NotFound, "exchange_not_found", "No such exchange.", $"No exchange, or more than one, answers to '{id}'.");
        }

        if (exchange.Session is null)
        {
            return ProblemDocument.Of(StatusCodes.Status422UnprocessableEntity, "no_session", "This exchange cannot be moved.", "It belongs to no session: nothing was counted of it.");
        }

        return await SessionCorrections.MoveAsync(calls, exchange, new CorrectedKey(harness, session), reason, Caller.Of(context).Subject, context.RequestAborted)
            ? Results.Json(reader.Exchange(exchange.OrgId, exchange.ExchangeId)!, ExchangeRecordJson.Default.ExchangeRecord)
            : Refused(context);
    }

    private static string? Word(HttpContext context, string name, int charsMax) =>
        context.Request.Query[name] is [{ Length: > 0 } word] && word.Length <= charsMax && !word.Any(char.IsControl) ? word : null;

    private static bool TryReason(HttpContext context, out string? reason)
    {
        reason = Word(context, "reason", ReasonCharsMax);
        return reason is not null || context.Request.Query["reason"].ToString().Length == 0;
    }

    private static IResult BadParameter(string detail) => ProblemDocument.Of(StatusCodes.Status400BadRequest, "bad_parameter", "A parameter cannot be read.", detail);

    private static IResult Refused(HttpContext context)
    {
        context.Response.Headers.RetryAfter = RetrySeconds;
        return ProblemDocument.Of(StatusCodes.Status503ServiceUnavailable, "store_unavailable", "It is not known to be stored.", "It may be asked again: what is set right already stays.");
    }
}
