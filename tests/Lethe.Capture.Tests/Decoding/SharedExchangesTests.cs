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
    private static readonly HashSet<string> Endpoints =
    [
        "openai.chat", "openai.completions", "openai.responses", "openai.responses.compact", "openai.responses.get",
        "anthropic.messages", "vertex.rawPredict", "vertex.streamRawPredict",
        "bedrock.converse", "bedrock.converse-stream", "bedrock.invoke", "bedrock.invoke-stream", "bedrock.count-tokens",
        "cohere.v1.chat", "cohere.v2.chat", "cohere.generate", "cohere.embed",
        "gemini.generateContent", "gemini.streamGenerateContent", "vertex.generateContent", "vertex.streamGenerateContent",
        "ollama.chat", "ollama.generate", "ollama.embed",
    ];

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

        var fields = 0;
        List<string> unexplained = [];
        var explained = 0;
        foreach (var record in SharedFixtures.Exchanges().Where(record => Endpoints.Contains(record.GetProperty("endpoint").GetString()!)))
        {
            using var decoded = TurnDecoder.Decode(SharedFixtures.ToExchange(record));
            var id = record.GetProperty("id").GetString()!;
            if (SharedDisagreements.Unread.Contains(id))
            {
                Assert.True(decoded.Turn?.ReplyComplete, id);
                continue;
            }

            foreach (var (field, expected, actual) in Compare(record.GetProperty("expect"), decoded.Turn))
            {
                fields++;
                if (expected == actual)
                {
                    continue;
                }

                if (SharedDisagreements.Explains(id, field))
                {
                    explained++;
                    continue;
                }

                unexplained.Add($"{id} {record.GetProperty("provider").GetString()} {record.GetProperty("endpoint").GetString()} {field}: expected {expected}, was {actual}");
            }
        }

        unexplained.ForEach(output.WriteLine);
        output.WriteLine($"{fields} fields, {explained} explained disagreements, {unexplained.Count} unexplained");
        Assert.Empty(unexplained);
        Assert.True(explained <= fields / 100, $"{explained} of {fields} fields disagree");
    }

    private static IEnumerable<(string Field, string? Expected, string? Actual)> Compare(JsonElement expect, Turn? turn)
    {
        yield return ("model", Text(expect, "model"), turn?.ModelServed);
        yield return ("id", Text(expect, "id"), turn?.ResponseId);
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
