using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary>What <c>lethe verify</c> found, for a person and for a program.</summary>
internal sealed record VerifyReport(JournalVerification Journal, bool WithParity, IReadOnlyList<VerifyFault> Faults)
{
    public string ToText()
    {
        var lines = Faults.Select(fault => $"{JsonNamingPolicy.SnakeCaseLower.ConvertName(fault.Kind.ToString())}  {fault.Subject}  {fault.Detail}").ToList();
        lines.Add(string.Create(
            CultureInfo.InvariantCulture,
            $"{(Faults.Count == 0 ? "fine" : Faults.Count + " faults")}: {Journal.Exchanges} exchanges in {Journal.Segments} journal segments, {Journal.Open} open, head {Journal.Head}"));
        return string.Join('\n', lines.Select(line => Format.OneLine(line, 4000)));
    }

    public string ToJson() => JsonSerializer.Serialize(
        new VerifyDocument(
            Faults.Count == 0,
            WithParity,
            new JournalDocument(Journal.Segments, Journal.Exchanges, Journal.Open, Journal.UnfinishedBytes, Journal.Head),
            [.. Faults.Select(fault => new FaultDocument(JsonNamingPolicy.SnakeCaseLower.ConvertName(fault.Kind.ToString()), fault.Subject, fault.Detail))]),
        VerifyJson.Default.VerifyDocument);
}

/// <summary>The shape of <c>lethe verify --json</c>.</summary>
internal sealed record VerifyDocument(bool Fine, bool Parity, JournalDocument Journal, IReadOnlyList<FaultDocument> Faults);

internal sealed record JournalDocument(int Segments, long Exchanges, int Open, int UnfinishedBytes, string Head);

internal sealed record FaultDocument(string Kind, string Subject, string Detail);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(VerifyDocument))]
internal sealed partial class VerifyJson : JsonSerializerContext;
