using System.Buffers;
using System.Text.Json;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Access;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Describing;
using Lethe.Proxy.Problems;
using Lethe.Proxy.Recording;
using Lethe.Proxy.Shipping;
using Microsoft.Net.Http.Headers;

namespace Lethe.Proxy.IngestApi;

/// <summary>The third door: producers hand in what they have captured, alone, in batches, or line by line.</summary>
internal static class IngestEndpoints
{
    private const int PayloadBytesMax = 64 * 1024 * 1024;
    private const int BatchTurnsMax = 10_000;
    private const int LinesMax = 1_000_000;
    private const string RetrySeconds = "2";
    private const string Json = "application/json";
    private const string Lines = "application/x-ndjson";

    public static void MapIngest(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost("/v1/ingest", (HttpContext context, ProducedCalls calls, StoreReader reader, LetheOptions options) =>
            TypeOf(context) switch
            {
                Json => OneAsync(context, calls, reader),
                Lines => LinesAsync(context, calls, reader, options.Ingest),
                ShippedCall.MediaType => ShippedAsync(context, calls, reader, options.Ingest),
                _ => Task.FromResult(Unsupported($"{Json} or {Lines}")),
            }).Takes("wait", "results", "dry_run");
        endpoints.MapPost("/v1/ingest/batch", (HttpContext context, ProducedCalls calls, StoreReader reader) =>
            TypeOf(context) == Json ? BatchAsync(context, calls, reader) : Task.FromResult(Unsupported(Json))).Takes("wait");
        endpoints.MapPost("/api/v1/ingest", (HttpContext context, ProducedCalls calls, StoreReader reader, LetheOptions options) =>
            TypeOf(context) == Lines ? LinesAsync(context, calls, reader, options.Ingest) : Task.FromResult(Unsupported(Lines)))
            .Takes("wait", "results", "dry_run");
    }

    // A coded body would have to be unfolded first, and may unfold to anything.
    private static string? TypeOf(HttpContext context) =>
        context.Request.Headers.ContentEncoding.Count == 0 && MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type)
            ? type.MediaType.Value?.ToLowerInvariant()
            : null;

    private static async Task<IResult> OneAsync(HttpContext context, ProducedCalls calls, StoreReader reader)
    {
        if (Problem(context, out var owner, out var untilJournal) is { } problem)
        {
            return problem;
        }

        if (await ReadWholeAsync(context) is not { } body)
        {
            return TooLarge(PayloadBytesMax);
        }

        var reading = Read(body, owner);
        if (reading.Refusal is { } refusal)
        {
            return ProblemDocument.Of(refusal.Status, refusal.Code, "This payload is not taken.", refusal.Detail);
        }

        using var run = new DeliveryRun(calls, reader, owner.Org, untilJournal, context.RequestAborted);
        await run.AddAsync(1, reading);
        await run.FinishAsync();
        return run.IsRefused ? Refused(context) : Told(run.Results[0] with { Line = null }, reader, owner);
    }

    private static IResult Told(ItemResult result, StoreReader reader, Owner owner) => result.Status switch
    {
        ItemResult.Conflict => new ProblemDocument("The key stands for something else.", StatusCodes.Status409Conflict, result.Code!, "Nothing was overwritten.")
        {
            EarlierExchangeId = result.ExchangeId,
            EarlierHash = reader.Place(owner.Org, result.ExchangeId!) is { } earlier ? reader.ContentHash(owner.Org, earlier.CommitKey) : null,
        },
        ItemResult.Rejected => ProblemDocument.Of(StatusCodes.Status422UnprocessableEntity, result.Code!, "This payload cannot be stored."),
        ItemResult.Journaled => Results.Json(result, IngestJson.Default.ItemResult, statusCode: StatusCodes.Status202Accepted),
        _ => Results.Json(result with { TurnSeq = reader.Place(owner.Org, result.ExchangeId!)?.TurnSeq }, IngestJson.Default.ItemResult),
    };

    private static async Task<IResult> BatchAsync(HttpContext context, ProducedCalls calls, StoreReader reader)
    {
        if (Problem(context, out var owner, out var untilJournal) is { } problem)
        {
            return problem;
        }

        if (await ReadWholeAsync(context) is not { } body)
        {
            return TooLarge(PayloadBytesMax);
        }

        using var document = Fields.Parse(body);
        if (document is null)
        {
            var refusal = Fields.WhyNot(body);
            return ProblemDocument.Of(refusal.Status, refusal.Code, "This is no batch.", refusal.Detail);
        }

        if (document.RootElement.Field("turns") is not { ValueKind: JsonValueKind.Array } turns || turns.GetArrayLength() == 0)
        {
            return ProblemDocument.Of(StatusCodes.Status400BadRequest, "missing_field", "This is no batch.", "turns: a list of payloads, not empty.");
        }

        if (turns.GetArrayLength() > BatchTurnsMax)
        {
            return ProblemDocument.Of(StatusCodes.Status413PayloadTooLarge, "too_many_turns", "The batch is too large.", $"turns: at most {BatchTurnsMax}.");
        }

        using var run = new DeliveryRun(calls, reader, owner.Org, untilJournal, context.RequestAborted);
        var line = 0;
        foreach (var turn in turns.EnumerateArray())
        {
            await run.AddAsync(++line, turn.ValueKind == JsonValueKind.Object ? TurnPayload.Read(turn, owner) : Refusal.Malformed("bad_json", "An object."));
        }

        await run.FinishAsync();
        return run.IsRefused ? Refused(context) : Results.Json(new BatchResult(run.Results), IngestJson.Default.BatchResult, statusCode: Success(untilJournal));
    }

    private static Task<IResult> ShippedAsync(HttpContext context, ProducedCalls calls, StoreReader reader, IngestOptions limits) =>
        LinesAsync(context, calls, reader, new IngestOptions { BodyBytesMax = limits.BodyBytesMax, LineBytesMax = ShippedCall.LineBytesMax }, ReadShipped);

    private static Task<IResult> LinesAsync(HttpContext context, ProducedCalls calls, StoreReader reader, IngestOptions limits) => LinesAsync(context, calls, reader, limits, Read);

    private static async Task<IResult> LinesAsync(HttpContext context, ProducedCalls calls, StoreReader reader, IngestOptions limits, Func<byte[], Owner, Reading> read)
    {
        var told = context.Request.Query["results"].ToString();
        var dry = context.Request.Query["dry_run"].ToString();
        if (Problem(context, out var owner, out var untilJournal) is { } problem)
        {
            return problem;
        }

        if (told is not ("" or "errors") || dry is not ("" or "true" or "false"))
        {
            return BadParameter();
        }

        using var run = new DeliveryRun(calls, reader, owner.Org, untilJournal, context.RequestAborted, dry is "true");
        var lines = new IncomingLines(context.Request.BodyReader, limits.LineBytesMax, limits.BodyBytesMax);
        var isTooMany = false;
        while (!run.IsRefused && !isTooMany && await lines.NextAsync(context.RequestAborted) is { } line)
        {
            isTooMany = line.Number > LinesMax;
            if (!isTooMany && !IsBlank(line))
            {
                await run.AddAsync(line.Number, line.Bytes is { } bytes
                    ? read(bytes, owner)
                    : new Refusal(StatusCodes.Status413PayloadTooLarge, "line_too_large", $"A line of at most {limits.LineBytesMax} bytes."));
            }
        }

        await run.FinishAsync();
        return run.IsRefused ? Refused(context)
            : lines.IsTooLarge || isTooMany ? CutOff(run, isTooMany, lines.Number, limits)
            : Results.Json(Sum(run.Results, told == "errors"), IngestJson.Default.LinesResult, statusCode: Success(untilJournal));
    }

    private static LinesResult Sum(List<ItemResult> results, bool errorsOnly)
    {
        int Count(string status) => results.Count(result => result.Status == status);
        return new LinesResult(
            Count(ItemResult.Accepted) + Count(ItemResult.Journaled),
            Count(ItemResult.Duplicate),
            Count(ItemResult.Conflict),
            Count(ItemResult.Rejected),
            errorsOnly ? results.FindAll(result => result.Status is ItemResult.Conflict or ItemResult.Rejected or ItemResult.Duplicate) : results);
    }

    private static Reading Read(byte[] json, Owner owner)
    {
        using var document = Fields.Parse(json);
        return document is null ? Fields.WhyNot(json)
            : TurnEventLine.Is(document.RootElement) ? TurnEventLine.Read(document.RootElement, json, owner)
            : TurnPayload.Read(document.RootElement, owner);
    }

    private static Reading ReadShipped(byte[] json, Owner owner)
    {
        using var document = Fields.Parse(json);
        return document is not null && ShippedCall.Read(document.RootElement, owner.Org, owner.Subject) is { } exchange ? exchange : Refusal.Malformed("bad_call", "A call as a recorder ships it.");
    }

    private static bool IsBlank(IncomingLine line) => line.Bytes is { } bytes && bytes.AsSpan().Trim(" \t\r"u8).IsEmpty;

    private static async Task<byte[]?> ReadWholeAsync(HttpContext context)
    {
        var reader = context.Request.BodyReader;
        while (context.Request.ContentLength is null or <= PayloadBytesMax)
        {
            var read = await reader.ReadAsync(context.RequestAborted);
            if (read.Buffer.Length > PayloadBytesMax)
            {
                reader.AdvanceTo(read.Buffer.Start);
                break;
            }

            if (read.IsCompleted)
            {
                var whole = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return whole;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }

        return null;
    }

    /// <summary>What the request's parameters ask that cannot be; null where all of it can.</summary>
    /// <param name="owner">Whose it is: the credential's word.</param>
    private static IResult? Problem(HttpContext context, out Owner owner, out bool untilJournal)
    {
        var caller = Caller.Of(context);
        var (wait, named) = (context.Request.Query["wait"].ToString(), context.Request.Query["org"].ToString());
        var isOrg = Guid.TryParseExact(caller.Org ?? Caller.OrgOf(context), "D", out var org);
        (owner, untilJournal) = (new Owner(org.ToString(), caller.Subject), wait == "journal");
        return named.Length > 0 && !caller.MaySee(named)
            ? ProblemDocument.ForeignOrg()
            : isOrg && wait is ("" or "journal" or "committed") ? null : BadParameter();
    }

    private static int Success(bool untilJournal) => untilJournal ? StatusCodes.Status202Accepted : StatusCodes.Status200OK;

    private static IResult BadParameter() =>
        ProblemDocument.Of(StatusCodes.Status400BadRequest, "bad_parameter", "A parameter cannot be read.", "wait: journal or committed; results: errors; dry_run: true or false; org: a UUID.");

    private static IResult Unsupported(string types) =>
        ProblemDocument.Of(StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", "This kind of body is not taken.", $"Send {types}, without a content coding.");

    private static IResult TooLarge(long bytesMax) =>
        ProblemDocument.Of(StatusCodes.Status413PayloadTooLarge, "body_too_large", "The body is too large.", $"At most {bytesMax} bytes.");

    private static IResult Refused(HttpContext context)
    {
        context.Response.Headers.RetryAfter = RetrySeconds;
        return ProblemDocument.Of(StatusCodes.Status503ServiceUnavailable, "store_unavailable", "It is not known to be stored.", "Send it again, with the same keys.");
    }

    private static ProblemDocument CutOff(DeliveryRun run, bool isTooMany, int line, IngestOptions limits) => new(
        "The body is too large.",
        StatusCodes.Status413PayloadTooLarge,
        isTooMany ? "too_many_lines" : "body_too_large",
        isTooMany ? $"At most {LinesMax} lines." : $"At most {limits.BodyBytesMax} bytes. What the results tell is stored.")
    {
        Line = line,
        Results = JsonSerializer.SerializeToElement(run.Results, IngestJson.Default.IReadOnlyListItemResult),
    };
}
