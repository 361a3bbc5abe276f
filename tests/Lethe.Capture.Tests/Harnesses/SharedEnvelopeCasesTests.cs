using System.Text.Json;
using System.Text.Json.Nodes;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Harnesses;
using Lethe.Capture.Tests.Decoding;
using Xunit.Abstractions;

namespace Lethe.Capture.Tests.Harnesses;

/// <summary>The tapes project's own cases for its session headers and thread ids.</summary>
public sealed class SharedEnvelopeCasesTests(ITestOutputHelper output)
{
    [Fact]
    public void Envelope_headers_are_read_as_tapes_reads_them() => ForEachCase("envelope", (name, headers, expected) =>
    {
        var envelope = Detect(headers);
        Assert.Equal(Told(expected, "harness_id"), envelope.HarnessId);
        Assert.Equal(Told(expected, "harness_session_id"), envelope.HarnessSessionId);
        Assert.Equal(Told(expected, "harness_version"), envelope.HarnessVersion);
        Assert.Equal(Told(expected, "cwd"), envelope.Cwd);
        Assert.Equal(Told(expected, "name"), envelope.Name);
        Assert.Equal(Told(expected, "parent_harness_session_id"), envelope.ParentHarnessSessionId);

        // Metadata that is no object is rejected there, and left out here.
        var metadata = expected.GetProperty("envelope").TryGetProperty("harness_metadata", out var told) && told.ValueKind == JsonValueKind.Object
            ? JsonNode.Parse(told.GetRawText())
            : null;
        Assert.True(JsonNode.DeepEquals(metadata, envelope.MetadataJson is { } json ? JsonNode.Parse(json) : null), name);
    });

    [Fact]
    public void Threads_are_told_as_tapes_tells_them() => ForEachCase("thread", (_, headers, expected) =>
        Assert.Equal(expected.GetProperty("thread_id").GetString(), Detect(headers).ThreadId ?? ""));

    private static SessionEnvelope Detect(List<HeaderField> headers) => Call.Detect(Call.Exchange("") with { RequestHeaders = headers });

    private static string? Told(JsonElement expected, string field) =>
        expected.GetProperty("envelope").TryGetProperty(field, out var value) ? value.GetString() : null;

    private void ForEachCase(string kind, Action<string, List<HeaderField>, JsonElement> assert)
    {
        if (SharedFixtures.Directory is null)
        {
            output.WriteLine("no shared fixtures beside this checkout: nothing was compared");
            return;
        }

        var count = 0;
        foreach (var file in System.IO.Directory.EnumerateFiles(Path.Combine(SharedFixtures.Directory, "tapes", kind, "cases"), "*.json"))
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            var headers = document.RootElement.GetProperty("headers").EnumerateObject().Select(pair => new HeaderField(pair.Name, pair.Value.GetString()!));
            output.WriteLine(Path.GetFileName(file));
            assert(Path.GetFileName(file), [.. headers], document.RootElement);
            count++;
        }

        Assert.True(count >= 8);
    }
}
