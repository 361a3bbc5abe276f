using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Verifying;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary>What <c>lethe verify</c> finds, for a person and for a program, told as it is found.</summary>
internal sealed class VerifyReport(TextWriter output, bool json)
{
    private const int LineCharsMax = 4000;

    public long Faults { get; private set; }

    public void Add(VerifyFault fault)
    {
        var kind = SnakeCase.Of(fault.Kind);
        if (json)
        {
            output.Write(Faults == 0 ? "{\"faults\":[" : ",");
            output.Write(JsonSerializer.Serialize(new FaultDocument(kind, fault.Reason, fault.Subject, fault.Detail), VerifyJson.Default.FaultDocument));
        }
        else
        {
            output.WriteLine(Format.OneLine($"{kind}{(fault.Reason is { } reason ? " " + reason : "")}  {fault.Subject}  {fault.Detail}", LineCharsMax));
        }

        Faults++;
    }

    /// <summary>Only the journal was looked at; the exit code.</summary>
    public int EndWithJournal(JournalVerification journal)
    {
        foreach (var fault in journal.Faults)
        {
            Add(new VerifyFault(VerifyFaultKind.Journal, fault.At.ToString(), fault.Detail, SnakeCase.Of(fault.Kind)));
        }

        return End(journal, withParity: false);
    }

    /// <summary>All was looked at; the exit code.</summary>
    public int End(JournalVerification journal, bool withParity)
    {
        if (json)
        {
            var ending = new VerifyDocument(
                Faults == 0, withParity, new JournalDocument(journal.Segments, journal.Exchanges, journal.Open, journal.Erased.Count, journal.UnfinishedBytes, journal.Head));
            output.Write(Faults == 0 ? "{\"faults\":[]," : "],");
            output.WriteLine(JsonSerializer.Serialize(ending, VerifyJson.Default.VerifyDocument).AsSpan(1));
        }
        else
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{(Faults == 0 ? "fine" : Faults + " faults")}: {journal.Exchanges} exchanges in {journal.Segments} journal segments{(journal.Erased.Count > 0 ? $" ({journal.Erased.Count} erased)" : "")}, {journal.Open} open, head {journal.Head}"));
        }

        return Faults == 0 ? ExitCode.Fine : ExitCode.NotFine;
    }
}

/// <summary>The shape of <c>lethe verify --json</c>, behind its <c>faults</c>.</summary>
internal sealed record VerifyDocument(bool Fine, bool Parity, JournalDocument Journal);

internal sealed record JournalDocument(int Segments, long Exchanges, int Open, long Erased, int UnfinishedBytes, string Head);

internal sealed record FaultDocument(string Kind, string? Reason, string Subject, string Detail);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(VerifyDocument))]
[JsonSerializable(typeof(FaultDocument))]
internal sealed partial class VerifyJson : JsonSerializerContext;
