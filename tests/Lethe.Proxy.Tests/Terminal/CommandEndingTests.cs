using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Tests.Terminal;

public sealed class CommandEndingTests
{
    [Fact]
    public void A_fault_of_lethe_itself_is_one_line_with_its_place_and_the_code_for_it()
    {
        var ending = CommandEnding.Of(CommandFailure.Usage("so not"));
        Assert.Equal(new CommandEnding(ExitCode.Usage, "lethe: so not"), ending);

        var fault = Assert.ThrowsAny<Exception>(() => Printable.Of(null!));
        var told = CommandEnding.Of(fault);

        Assert.Equal(ExitCode.Fault, told.ExitCode);
        Assert.StartsWith("lethe: a fault of lethe itself, in Lethe.Proxy.Terminal.Printable.", told.Line, StringComparison.Ordinal);
        Assert.Contains("NullReferenceException", told.Line, StringComparison.Ordinal);
    }

    [Fact]
    public void No_line_is_longer_than_a_thousand_characters_or_more_than_one()
    {
        var ending = CommandEnding.Of(new InvalidOperationException("many\n" + new string('x', 5000)));

        Assert.Equal(1000, ending.Line!.Length);
        Assert.DoesNotContain('\n', ending.Line);
    }

    [Fact]
    public void The_disks_refusal_is_the_environments_and_a_reader_that_went_is_nobodys()
    {
        Assert.Equal(new CommandEnding(ExitCode.Environment, "lethe: disk"), CommandEnding.Of(new AggregateException(new IOException("disk"))));
        Assert.Equal(new CommandEnding(ExitCode.Environment, "lethe: the output cannot be written: No space left on device"), CommandEnding.Of(new OutputFault(28)));
        Assert.Equal(new CommandEnding(ExitCode.NotFine, null), CommandEnding.Of(new OutputFault(32)));
    }
}
