namespace Lethe.Proxy.Tests.Page;

/// <summary>One recorded team for all tests of a class that only read.</summary>
public sealed class SharedTeam : IAsyncLifetime
{
    internal RecordedTeam Team { get; private set; } = null!;

    public async Task InitializeAsync() => Team = await RecordedTeam.StartAsync();

    public async Task DisposeAsync() => await Team.DisposeAsync();
}
