import React, { useState, type ReactElement } from 'react';
import { Link } from 'react-router-dom';
import type { PoolAddress, PoolAddresses } from '../../generated/api.ts';
import { useCluster } from '../../live/surroundings.tsx';
import { useLivePage } from '../../live/use-live.ts';
import { Facts } from '../../parts/Facts.tsx';
import { PageState } from '../../parts/PageState.tsx';
import { Time } from '../../parts/Time.tsx';
import { pageCount } from '../../table/list-query.ts';
import { PageTurner } from '../../table/Pager.tsx';
import { text } from '../../texts/texts.ts';
import { ADDRESS_STATES, addressStateKey, shortAddress, type AddressState } from './pool-model.ts';

const PER_PAGE = 256;
const STATES = Object.keys(ADDRESS_STATES) as AddressState[];

/** Every address of a pool as a square in the colour of its state; the one that is chosen is told of below. */
export function AddressMap({ pool }: { readonly pool: string }): ReactElement {
  const [state, setState] = useState<AddressState | ''>('');
  const [page, setPage] = useState(1);
  const [chosen, setChosen] = useState<string>();
  const live = useLivePage({
    operation: 'listPoolAddresses',
    path: { name: pool },
    query: { page, limit: PER_PAGE, state },
  });
  return (
    <section className="plb-card" aria-label={text('ADDRESS_MAP')}>
      <div className="plb-toolbar">
        <h2>{text('ADDRESS_MAP')}</h2>
        <span className="plb-grow" />
        <label>
          {text('SHOW')}{' '}
          <select
            value={state}
            onChange={({ target }) => {
              setState(target.value as AddressState | '');
              setPage(1);
            }}
          >
            <option value="">{text('ALL_STATES')}</option>
            {STATES.map((known) => (
              <option key={known} value={known}>
                {text(ADDRESS_STATES[known])}
              </option>
            ))}
          </select>
        </label>
      </div>
      <PageState live={live}>
        {(addresses) => (
          <>
            {!addresses.complete && <p className="plb-hint">{text('ADDRESSES_NOT_ALL')}</p>}
            <Legend />
            <Squares addresses={addresses} chosen={chosen} onChoose={setChosen} />
            <Chosen address={addresses.items.find(({ ip }) => ip === chosen)} />
            <Turner page={page} totalItems={addresses.totalItems} onTurn={setPage} />
          </>
        )}
      </PageState>
    </section>
  );
}

function Legend(): ReactElement {
  return (
    <ul className="plb-legend">
      {STATES.map((state) => (
        <li key={state}>
          <span className={`plb-square plb-${state}`} aria-hidden="true" /> {text(ADDRESS_STATES[state])}
        </li>
      ))}
    </ul>
  );
}

interface SquaresProps {
  readonly addresses: PoolAddresses;
  readonly chosen: string | undefined;
  readonly onChoose: (ip: string) => void;
}

function Squares({ addresses, chosen, onChoose }: SquaresProps): ReactElement {
  if (addresses.items.length === 0) return <p className="plb-none">{text('NOTHING_FOUND')}</p>;
  return (
    <div className="plb-map">
      {addresses.items.map((address) => (
        <button
          key={address.ip}
          type="button"
          className={`plb-cell plb-${address.state}`}
          aria-pressed={address.ip === chosen}
          aria-label={`${address.ip}: ${stateText(address)}`}
          title={`${address.ip}: ${stateText(address)}`}
          onClick={() => onChoose(address.ip)}
        >
          {shortAddress(address.ip)}
        </button>
      ))}
    </div>
  );
}

function stateText({ state, services }: PoolAddress): string {
  const key = addressStateKey(state);
  const word = key === undefined ? state : text(key);
  const names = serviceNames(services);
  return names === '' ? word : `${word}, ${names}`;
}

function serviceNames(services: PoolAddress['services']): string {
  return services.map((service) => service ?? text('OF_ANOTHER_PROJECT')).join(', ');
}

/** Each Service with the page that tells of it; one that the reader may not see has no name. */
function Holders({ services }: Pick<PoolAddress, 'services'>): ReactElement {
  const cluster = useCluster();
  return (
    <>
      {services.map((service, i) => (
        <div key={i}>
          {service === null ? (
            serviceNames([service])
          ) : (
            <Link to={`/clusters/${cluster}/porterlb.services/${service}`}>{service}</Link>
          )}
        </div>
      ))}
    </>
  );
}

/** Who has the address that is chosen, and since when. */
function Chosen({ address }: { readonly address: PoolAddress | undefined }): ReactElement {
  if (address === undefined) return <p className="plb-hint">{text('CHOOSE_ADDRESS')}</p>;
  const { ip, state, services, since, restsUntil, heldBy } = address;
  const key = addressStateKey(state);
  return (
    <div aria-live="polite" className="plb-chosen">
      <Facts
        facts={[
          ['ADDRESS', ip],
          ['STATE', key === undefined ? state : text(key)],
          [
            'ADDRESS_SERVICES',
            state === 'used' ? <Holders key="holders" services={services} /> : serviceNames(services),
          ],
          ['SINCE', <Time key="since" at={since} />],
          ['ADDRESS_RESTS_UNTIL', <Time key="until" at={restsUntil} />],
          ['ADDRESS_HELD_BY', heldBy],
        ]}
      />
    </div>
  );
}

interface TurnerProps {
  readonly page: number;
  readonly totalItems: number;
  readonly onTurn: (page: number) => void;
}

/** Most pools fit into one page. */
function Turner({ page, totalItems, onTurn }: TurnerProps): ReactElement | null {
  const pages = pageCount({ limit: PER_PAGE }, totalItems);
  return pages === 1 ? null : <PageTurner page={page} pages={pages} totalItems={totalItems} onTurn={onTurn} />;
}
