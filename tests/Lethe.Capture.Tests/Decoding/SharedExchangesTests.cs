using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lethe.Capture.Decoding;
using Lethe.Capture.Turns;
using Xunit.Abstractions;

namespace Lethe.Capture.Tests.Decoding;

/// <summary>The decoders against recorded traffic and what another decoder made of it.</summary>
public sealed class SharedExchangesTests(ITestOutputHelper output)
{
    /// <summary>How much of a dialect has to agree.</summary>
    private const int Percent = 99;

    private const string Absent = "no shared fixtures beside this checkout: nothing was compared";

    [Fact]
    public void Every_recorded_exchange_decodes_without_an_exception()
    {
        if (SharedFixtures.Directory is null)
        {
            output.WriteLine(Absent);
            return;
        }

        var reasons = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var record in SharedFixtures.Exchanges())
        {
            using var decoded = TurnDecoder.Decode(SharedFixtures.ToExchange(record));
            var reason = $"{decoded.NotDecodedReason ?? "decoded"} {record.GetProperty("endpoint").GetString()}";
            reasons[reason] = reasons.GetValueOrDefault(reason) + 1;
        }

        foreach (var (reason, count) in reasons)
        {
            output.WriteLine($"{count} {reason}");
        }

        Assert.DoesNotContain(reasons.Keys, reason => reason.StartsWith("unknown_endpoint", StringComparison.Ordinal));
    }

    [Fact]
    public void Recorded_turns_agree_with_a_second_decoder()
    {
        if (SharedFixtures.Directory is null)
        {
            output.WriteLine(Absent);
            return;
        }

        var agreement = new Agreement();
        foreach (var record in SharedFixtures.Exchanges())
        {
            using var decoded = TurnDecoder.Decode(SharedFixtures.ToExchange(record));
            var id = record.GetProperty("id").GetString()!;
            var dialect = record.GetProperty("endpoint").GetString()!;
            if (decoded.NotDecodedReason == "unsupported_dialect")
            {
                agreement.NotSpoken(dialect);
            }
            else if (SharedDisagreements.Unread.Contains(id))
            {
                Assert.True(decoded.Turn?.ReplyComplete, id);
            }
            else
            {
                agreement.Add(dialect, id, [.. Compare(record.GetProperty("expect"), decoded.Turn)]);
            }
        }

        agreement.Lines().ForEach(output.WriteLine);
        Assert.Empty(agreement.NotSpokenAtAll);
        Assert.Empty(agreement.Unlisted);
        Assert.Empty(SharedDisagreements.Listed().Except(agreement.Met));
        Assert.Empty(agreement.Below(Percent));
    }

    private static IEnumerable<(string Field, string? Expected, string? Actual)> Compare(JsonElement expect, Turn? turn)
    {
        yield return ("model", Text(expect, "model"), turn?.ModelServed);
        // Of embeddings, the other decoder reads no id.
        if (turn?.Operation != Operation.Embeddings)
        {
            yield return ("id", Text(expect, "id"), turn?.ResponseId);
        }

        yield return ("stop", Stop(expect), turn?.StopReason);
        yield return ("text_sha256", Text(expect, "text_sha256"), Hash(turn?.ReplyText ?? ""));
        yield return ("text_len", Text(expect, "text_len"), Characters(turn?.ReplyText ?? ""));
        yield return ("error", ErrorMessage(expect), turn?.Error?.Message);
        yield return ("tool_calls", ExpectedCalls(expect), Calls(turn));
        if (expect.TryGetProperty("reasoning_len", out var reasoning))
        {
            yield return ("reasoning_len", reasoning.GetRawText(), Characters(turn?.ReplyReasoning ?? ""));
        }

        if (expect.TryGetProperty("complete", out var complete))
        {
            yield return ("complete", complete.GetRawText(), turn?.ReplyComplete == true ? "true" : "false");
        }

        foreach (var (field, expected, actual) in SharedUsage.Compare(expect, turn?.Usage))
        {
            yield return (field, expected?.ToString(CultureInfo.InvariantCulture), actual?.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static string? Text(JsonElement expect, string name) => expect.TryGetProperty(name, out var value) && value.ToString() is { Length: > 0 } text ? text : null;

    /// <summary>The other decoder writes status and reason together; the record has the reason alone.</summary>
    private static string? Stop(JsonElement expect) => Text(expect, "stop")?.Replace("incomplete:", "", StringComparison.Ordinal);

    private static string? ErrorMessage(JsonElement expect)
    {
        if (!expect.TryGetProperty("error", out var error) || error.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return error.ValueKind == JsonValueKind.String ? error.GetString()
            : error.TryGetProperty("message", out var message) ? message.GetString()
            : error.TryGetProperty("detail", out var detail) ? detail.GetString()
            : error.GetProperty("error").GetProperty("message").GetString();
    }

    private static string ExpectedCalls(JsonElement expect)
    {
        StringBuilder all = new();
        foreach (var call in expect.TryGetProperty("tool_calls", out var calls) ? calls.EnumerateArray() : default)
        {
            all.AppendLine(CultureInfo.InvariantCulture, $"{call.GetProperty("id")} {call.GetProperty("name")} {Sorted(call.GetProperty("args"))}");
        }

        return all.ToString();
    }

    private static string Calls(Turn? turn)
    {
        StringBuilder all = new();
        foreach (var call in turn?.ToolCalls ?? [])
        {
            using var arguments = JsonDocument.Parse(call.ArgumentsJson);
            all.AppendLine(CultureInfo.InvariantCulture, $"{call.Id} {call.Name} {Sorted(arguments.RootElement)}");
        }

        return all.ToString();
    }

    private static string Sorted(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "{" + string.Join(',', value.EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal).Select(member => member.Name + ":" + Sorted(member.Value))) + "}",
        JsonValueKind.Array => "[" + string.Join(',', value.EnumerateArray().Select(Sorted)) + "]",
        _ => value.ToString(),
    };

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];

    private static string Characters(string text) => text.EnumerateRunes().Count().ToString(CultureInfo.InvariantCulture);
}
