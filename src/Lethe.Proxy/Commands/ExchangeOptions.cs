using System.CommandLine;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Commands;

/// <summary>The options by which a verb takes some exchanges and leaves others.</summary>
internal sealed class ExchangeOptions
{
    public Option<string?> Session { get; } = new("--session") { Description = "Only of this session: an id, the beginning of one, or the harness's own.", HelpName = "S" };

    public Option<string?> Harness { get; } = new("--harness") { Description = "Only of this harness, e.g. claude-code.", HelpName = "H" };

    public Option<string?> Model { get; } = new("--model") { Description = "Only of this model.", HelpName = "M" };

    public Option<string?> Provider { get; } = new("--provider") { Description = "Only of this vendor, e.g. anthropic.", HelpName = "P" };

    public Option<string?> Outcome { get; } = new("--outcome") { Description = "Only those that ended so, e.g. completed, upstream_error.", HelpName = "O" };

    public Option<string?> Since { get; } = TimeOption.Since();

    public Option<string?> Until { get; } = TimeOption.Until();

    /// <summary>What was asked for; an option that the verb has not is not.</summary>
    /// <exception cref="Terminal.CommandFailure">A session or a time that is none.</exception>
    public ExchangeFilter Read(ParseResult line, StoreReader reader) => new()
    {
        SessionId = line.GetValue(Session) is { } word ? SessionWord.Find(reader, word).Session.SessionId : null,
        HarnessId = line.GetValue(Harness),
        Model = line.GetValue(Model),
        Provider = line.GetValue(Provider),
        Outcome = line.GetValue(Outcome),
        Since = TimeOption.Read(line.GetValue(Since), TimeProvider.System),
        Until = TimeOption.Read(line.GetValue(Until), TimeProvider.System),
    };
}
